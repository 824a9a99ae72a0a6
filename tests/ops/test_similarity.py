"""Scores against a loop over the definition, by either form."""

import keras
import numpy as np
import pytest
from keras import ops

from a2u_tf.ops.composite import matmul, similarity, taps
from a2u_tf.ops.layout import Window
from tests.helpers import FLOAT_DTYPES, assert_close, gradients, numeric_gradient, run, to_numpy, value_and_gradients

FORMS = [matmul, taps]
CASES = [  # batch, height, width of the keys, channels, kernel size, scale
    (2, 3, 4, 3, 5, 2),
    (1, 2, 5, 1, 3, 3),
    (2, 1, 1, 4, 3, 2),
    (1, 3, 2, 2, 1, 2),
    (1, 4, 3, 2, 3, 1),
    (0, 3, 2, 2, 3, 2),
]


def loop(query, key, kernel_size, scale):
    """The definition."""
    batch, rows, columns, _ = key.shape
    scores = np.zeros((batch, rows * scale, columns * scale, kernel_size**2))
    for n, y, x, tap in np.ndindex(scores.shape):
        v = y // scale + tap // kernel_size - kernel_size // 2
        u = x // scale + tap % kernel_size - kernel_size // 2
        if 0 <= v < rows and 0 <= u < columns:
            scores[n, y, x, tap] = query[n, y, x] @ key[n, v, u]
    return scores


def make_arrays(rng, batch, height, width, channels, scale, dtype="float64"):
    shapes = (batch, scale * height, scale * width, channels), (batch, height, width, channels)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def by_form(form, kernel_size, scale):
    return lambda *tensors: similarity(*tensors, Window("up", kernel_size, scale), form)


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_feature_equals_the_definition(rng, case, form, dtype):
    *sizes, kernel_size, scale = case
    query, key = make_arrays(rng, *sizes, scale, dtype)
    expected = loop(query.astype("float64"), key.astype("float64"), kernel_size, scale)
    assert_close(run(by_form(form, kernel_size, scale), query, key), expected, dtype)


def test_by_hand_of_order_and_border():
    """Two cells side by side: the window's middle row reads left, own, right."""
    query = np.arange(1.0, 9).reshape(1, 2, 4, 1)
    key = np.array([10.0, 100.0]).reshape(1, 1, 2, 1)
    scores = to_numpy(run(lambda *tensors: similarity(*tensors, Window("up", 3)), query, key))[0]
    assert scores[0, 0].tolist() == [0, 0, 0, 0, 10, 100, 0, 0, 0]
    assert scores[1, 3].tolist() == [0, 0, 0, 80, 800, 0, 0, 0, 0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", [(2, 2, 3, 2, 3, 2), (1, 1, 2, 1, 5, 3)], ids=str)
def test_gradcheck(rng, case, form):
    *sizes, kernel_size, scale = case
    arrays = make_arrays(rng, *sizes, scale)
    cotangent = rng.normal(size=loop(*arrays, kernel_size, scale).shape)
    expected = numeric_gradient(lambda *x: loop(*x, kernel_size, scale), *arrays, cotangent=cotangent)
    actual = gradients(by_form(form, kernel_size, scale), *arrays, cotangent=cotangent)
    for x, y in zip(actual, expected, strict=True):
        assert_close(x, y, atol=1e-8)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_precision(rng, form, dtype):
    query, key = (ops.convert_to_tensor(x, dtype) for x in make_arrays(rng, 1, 3, 2, 64, 2))
    outputs = run(by_form(form, 3, 2), query, key)
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype
    assert_close(outputs, loop(to_numpy(query).astype("float64"), to_numpy(key), 3, 2), dtype)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("form", "jit"), [(matmul, False), (taps, True)])
def test_jit_of_unknown_sizes(rng, form, jit):
    import tensorflow as tf

    function = value_and_gradients(by_form(form, 3, 2))
    signature = [tf.TensorSpec([None] * 3 + [depth], "float64") for depth in (2, 2, 9)]
    traced = tf.function(function, jit_compile=jit, input_signature=signature)
    arrays = make_arrays(rng, 2, 3, 2, 2, 2)
    expected = loop(*arrays, 3, 2)
    tensors = [tf.constant(x) for x in (*arrays, rng.normal(size=expected.shape))]
    results = traced(*tensors)
    assert_close(results[0], expected)
    for actual, eager in zip(results, function(*tensors), strict=True):
        assert_close(actual, eager)
