"""The sum over taps, and upwards the kernels times gathered windows, against the reference."""

import numpy as np
import pytest

from tests.helpers import FLOAT_DTYPES, assert_close, gradients, run, value_and_gradients
from tests.ops.oracle import CASES, GOLDEN_CASES, UP_CASES, Case, load_golden

FORMS = [*(("taps", case) for case in CASES), *(("matmul", case) for case in UP_CASES)]
GOLDENS = [*(("taps", *golden) for golden in GOLDEN_CASES), *(("matmul", *g) for g in GOLDEN_CASES if g[0] == "up")]
TRACED = [  # form, case, whether its sizes are known while tracing
    ("taps", Case("up", (3, 2), 3, groups=4), True),
    ("taps", Case("up", (4, 5), 1, scale=3), False),
    ("taps", Case("down", (7, 5), 3, groups=2), True),
    ("taps", Case("down", (8, 7), 2, scale=3, groups=4), False),
    ("taps", Case("down", (4, 5), 2, scale=1), True),
    ("taps", Case("down", (1, 1), 2), True),
    ("matmul", Case("up", (5, 7), 3, groups=2), False),
    ("matmul", Case("up", (3, 2), 3, groups=4), True),
    ("matmul", Case("up", (7, 8), 1, scale=3), False),
    ("matmul", Case("up", (1, 1), 3), True),
]


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(("form", "case"), FORMS, ids=str)
def test_feature_equals_reference(rng, form, case, dtype):
    features, kernels, _ = case.arrays(rng, dtype)
    outputs = run(case.form(form), features, kernels)
    assert_close(outputs, case.reference(features.astype("float64"), kernels.astype("float64")), dtype)


@pytest.mark.parametrize(("form", "case"), FORMS, ids=str)
def test_gradcheck(rng, form, case):
    features, kernels, cotangent = case.arrays(rng)
    actual = gradients(case.form(form), features, kernels, cotangent=cotangent)
    for gradient, expected in zip(actual, case.reference_gradients(features, kernels, cotangent), strict=True):
        assert_close(gradient, expected)


@pytest.mark.tensorflow  # Keras computes in float64 there alone; `test_reassembly` has float32 for all
@pytest.mark.parametrize(("form", "direction", "number"), GOLDENS)
def test_golden(golden_dir, form, direction, number):
    case, (features, kernels, cotangent, *expected) = load_golden(golden_dir, direction, number)
    function = case.form(form)
    actual = [run(function, features, kernels), *gradients(function, features, kernels, cotangent=cotangent)]
    for x, y in zip(actual, expected, strict=True):
        assert_close(x, y, "float64", scale=np.abs(y).max())


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize(("form", "case", "static"), TRACED, ids=str)
def test_traced_equals_reference(rng, form, case, static, jit):
    import tensorflow as tf

    arrays = case.arrays(rng)
    signature = None if static else [tf.TensorSpec([None] * 4, "float64")] * 3
    traced = tf.function(value_and_gradients(case.form(form)), jit_compile=jit, input_signature=signature)
    expected = [case.reference(*arrays[:2]), *case.reference_gradients(*arrays)]
    for x, y in zip(traced(*map(tf.constant, arrays)), expected, strict=True):
        assert_close(x, y)
