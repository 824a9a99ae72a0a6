"""The sum over taps, up and down, against the reference."""

import numpy as np
import pytest

from tests.helpers import FLOAT_DTYPES, assert_close, gradients, numeric_gradient, run, value_and_gradients
from tests.ops.oracle import CASES, GOLDEN_CASES, Case, load_golden

XLA_CASES = [  # case, whether its sizes are known while tracing
    (Case("up", (3, 2), 3, groups=4), True),
    (Case("up", (4, 5), 1, scale=3), False),
    (Case("down", (7, 5), 3, groups=2), True),
    (Case("down", (8, 7), 2, scale=3, groups=4), False),
    (Case("down", (4, 5), 2, scale=1), True),
    (Case("down", (1, 1), 2), True),
]


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_feature_equals_reference(rng, case, dtype):
    features, kernels, _ = case.arrays(rng, dtype)
    outputs = run(case.form("taps"), features, kernels)
    assert_close(outputs, case.reference(features.astype("float64"), kernels.astype("float64")), dtype)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradcheck(rng, case):
    features, kernels, cotangent = case.arrays(rng)
    actual = gradients(case.form("taps"), features, kernels, cotangent=cotangent)
    for gradient, expected in zip(actual, case.reference_gradients(features, kernels, cotangent), strict=True):
        assert_close(gradient, expected)


@pytest.mark.tensorflow  # Keras computes in float64 there alone; `test_reassembly` has float32 for all
@pytest.mark.parametrize(("direction", "number"), GOLDEN_CASES)
def test_golden(golden_dir, direction, number):
    case, (features, kernels, cotangent, *expected) = load_golden(golden_dir, direction, number)
    function = case.form("taps")
    actual = [run(function, features, kernels), *gradients(function, features, kernels, cotangent=cotangent)]
    for x, y in zip(actual, expected, strict=True):
        assert_close(x, y, "float64", scale=np.abs(y).max())


@pytest.mark.parametrize(
    ("size", "kernel_size", "down"), [((5, 6), 3, 2), ((4, 3), 4, 1), ((1, 1), 3, 2), ((7, 5), 2, 3)]
)
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_feature_one_window_for_all_pixels(rng, size, kernel_size, down, groups):
    case = Case("down", size, kernel_size, down, groups)
    features, per_pixel, cotangent = case.arrays(rng)
    window = rng.normal(size=(2, 1, 1, per_pixel.shape[3]))
    everywhere = np.broadcast_to(window, per_pixel.shape)
    function = case.form("taps")

    assert_close(run(function, features, window), case.reference(features, everywhere))
    to_features, to_window = gradients(function, features, window, cotangent=cotangent)
    expected_features, to_everywhere = case.reference_gradients(features, everywhere.copy(), cotangent)
    assert_close(to_features, expected_features)
    assert_close(to_window, to_everywhere.sum(axis=(1, 2), keepdims=True))


def test_gradcheck_of_one_window_is_numeric(rng):
    case = Case("down", (3, 4), 2, channels=2, batch=1)
    features, per_pixel, cotangent = case.arrays(rng)
    window = per_pixel[:, :1, :1]

    def definition(features, window):
        return case.reference(features, np.broadcast_to(window, per_pixel.shape))

    expected = numeric_gradient(definition, features, window, cotangent=cotangent)
    for actual, numeric in zip(
        gradients(case.form("taps"), features, window, cotangent=cotangent), expected, strict=True
    ):
        assert_close(actual, numeric, atol=1e-9)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("case", "static"), XLA_CASES, ids=str)
def test_jit_equals_reference(rng, case, static):
    import tensorflow as tf

    features, kernels, cotangent = case.arrays(rng)
    signature = None if static else [tf.TensorSpec([None] * 4, "float64")] * 3
    compiled = tf.function(value_and_gradients(case.form("taps")), jit_compile=True, input_signature=signature)
    expected = case.reference_gradients(features, kernels, cotangent)
    outputs, *actual = compiled(*map(tf.constant, (features, kernels, cotangent)))
    assert_close(outputs, case.reference(features, kernels))
    for x, y in zip(actual, expected, strict=True):
        assert_close(x, y)
