"""Adaptive pooling against a loop over the bins."""

import keras
import numpy as np
import pytest
from keras import ops

from a2u_tf.ops.encoding import adaptive_averages
from tests.helpers import assert_close, gradients, numeric_gradient, run, to_numpy, value_and_gradients

SIZES = [(6, 6, 6), (12, 6, 6), (7, 5, 3), (7, 9, 6), (1, 1, 6), (3, 2, 6), (5, 8, 1), (8, 7, 5)]


def _loop(x, size):
    batch, height, width, channels = x.shape
    outputs = np.zeros((batch, size, size, channels))
    for i, j in np.ndindex(size, size):
        rows = slice(int(np.floor(i * height / size)), int(np.ceil((i + 1) * height / size)))
        columns = slice(int(np.floor(j * width / size)), int(np.ceil((j + 1) * width / size)))
        outputs[:, i, j] = x[:, rows, columns].mean(axis=(1, 2))
    return outputs


def test_by_hand():
    x = np.array([1.0, 2.0, 4.0]).reshape(1, 1, 3, 1) * np.array([1.0, 3.0]).reshape(1, 2, 1, 1)
    # Three columns in two bins: the middle one belongs to both.
    assert_close(run(lambda x: adaptive_averages(x, 2)[1], x), np.array([1.5, 3.0, 4.5, 9.0]).reshape(1, 2, 2, 1))


@pytest.mark.parametrize("batch", [0, 2])
@pytest.mark.parametrize(("height", "width", "size"), SIZES)
def test_equals_the_loop_over_bins(rng, height, width, size, batch):
    x = rng.normal(size=(batch, height, width, 3))
    same, pooled, average = run(lambda x: adaptive_averages(x, size), x)
    assert_close(same, x)
    assert_close(pooled, _loop(x, size))
    assert_close(average, x.mean(axis=(1, 2)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_precision(rng, dtype):
    # A mean near one over 64 x 64 values: sums in float16 would stop growing at 2048.
    x = ops.convert_to_tensor(1 + rng.uniform(size=(1, 64, 64, 2)), dtype)
    pooled = run(lambda x: adaptive_averages(x, 1)[1], x)
    assert keras.backend.standardize_dtype(pooled.dtype) == dtype
    assert_close(pooled, to_numpy(x).astype("float64").mean(axis=(1, 2), keepdims=True))


@pytest.mark.parametrize(("height", "width"), [(5, 3), (8, 4)])
def test_gradcheck(rng, height, width):
    """Of the averages, and of those and the map that comes with them."""
    x, cotangent = rng.normal(size=(1, height, width, 2)), rng.normal(size=(1, 4, 4, 2))
    (expected,) = numeric_gradient(lambda x: _loop(x, 4), x, cotangent=cotangent)
    (actual,) = gradients(lambda x: adaptive_averages(x, 4)[1], x, cotangent=cotangent)
    assert_close(actual, expected, atol=1e-9)

    def squares_and_averages(x):
        same, pooled, _ = adaptive_averages(x, 4)
        return ops.concatenate([ops.reshape(same * same, (-1,)), ops.reshape(pooled, (-1,))])

    upstream = np.concatenate([np.ones(x.size), cotangent.ravel()])
    (both,) = gradients(squares_and_averages, x, cotangent=upstream)
    assert_close(both, 2 * x + expected, atol=1e-9)


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
def test_jit_of_unknown_sizes(rng, jit):
    import tensorflow as tf

    pool = value_and_gradients(lambda x: adaptive_averages(x, 4)[1])
    traced = tf.function(pool, jit_compile=jit, input_signature=[tf.TensorSpec([None] * 4, "float64")] * 2)
    for height, width in ((4, 8), (7, 3), (1, 1)):
        x, cotangent = rng.normal(size=(2, height, width, 3)), rng.normal(size=(2, 4, 4, 3))
        outputs, gradient = traced(tf.constant(x), tf.constant(cotangent))
        assert_close(outputs, _loop(x, 4))
        assert_close(gradient, pool(tf.constant(x), tf.constant(cotangent))[1])
