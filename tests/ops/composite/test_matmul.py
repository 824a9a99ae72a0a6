"""Kernels times gathered windows, upwards, against the reference."""

import numpy as np
import pytest

from tests.helpers import FLOAT_DTYPES, assert_close, gradients, run, value_and_gradients
from tests.ops.oracle import GOLDEN_CASES, UP_CASES, Case, load_golden

UP_GOLDENS = [number for direction, number in GOLDEN_CASES if direction == "up"]
GRAPH_CASES = [  # case, whether its sizes are known while tracing
    (Case("up", (5, 7), 3, groups=2), False),
    (Case("up", (3, 2), 3, groups=4), True),
    (Case("up", (7, 8), 1, scale=3), False),
    (Case("up", (1, 1), 3), True),
]


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("case", UP_CASES, ids=str)
def test_feature_equals_reference(rng, case, dtype):
    features, kernels, _ = case.arrays(rng, dtype)
    outputs = run(case.form("matmul"), features, kernels)
    assert_close(outputs, case.reference(features.astype("float64"), kernels.astype("float64")), dtype)


@pytest.mark.parametrize("case", UP_CASES, ids=str)
def test_gradcheck(rng, case):
    features, kernels, cotangent = case.arrays(rng)
    actual = gradients(case.form("matmul"), features, kernels, cotangent=cotangent)
    for gradient, expected in zip(actual, case.reference_gradients(features, kernels, cotangent), strict=True):
        assert_close(gradient, expected)


@pytest.mark.tensorflow  # Keras computes in float64 there alone; `test_reassembly` has float32 for all
@pytest.mark.parametrize("number", UP_GOLDENS)
def test_golden(golden_dir, number):
    case, (features, kernels, cotangent, *expected) = load_golden(golden_dir, "up", number)
    function = case.form("matmul")
    actual = [run(function, features, kernels), *gradients(function, features, kernels, cotangent=cotangent)]
    for x, y in zip(actual, expected, strict=True):
        assert_close(x, y, "float64", scale=np.abs(y).max())


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize(("case", "static"), GRAPH_CASES, ids=str)
def test_jit_equals_reference(rng, case, static, jit):
    import tensorflow as tf

    features, kernels, cotangent = case.arrays(rng)
    signature = None if static else [tf.TensorSpec([None] * 4, "float64")] * 3
    traced = tf.function(value_and_gradients(case.form("matmul")), jit_compile=jit, input_signature=signature)
    expected = case.reference_gradients(features, kernels, cotangent)
    outputs, *actual = traced(*map(tf.constant, (features, kernels, cotangent)))
    assert_close(outputs, case.reference(features, kernels))
    for x, y in zip(actual, expected, strict=True):
        assert_close(x, y)
