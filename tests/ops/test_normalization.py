"""From raw values to kernels: softmax over taps, sigmoid before it upwards, and the shuffle's order."""

import keras
import numpy as np
import pytest
from keras import ops

from a2u_tf.ops.encoding import normalize_up, softmax_taps
from tests.helpers import assert_close, gradients, numeric_gradient, run, to_numpy


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def _up(raw, kernel_size, scale, groups):
    """The definition, one kernel at a time."""
    batch, height, width, _ = raw.shape
    taps = kernel_size**2
    outputs = np.zeros((batch, height * scale, width * scale, groups * taps))
    for y, x, group in np.ndindex(height * scale, width * scale, groups):
        phase = (y % scale) * scale + x % scale
        first = (phase * groups + group) * taps
        values = _sigmoid(raw[:, y // scale, x // scale, first : first + taps])
        outputs[:, y, x, group * taps : (group + 1) * taps] = _softmax(values) if taps > 1 else values
    return outputs


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_up_equals_the_definition(rng, kernel_size, scale, groups):
    raw = rng.normal(scale=3, size=(2, 2, 3, scale**2 * groups * kernel_size**2))
    kernels = run(lambda raw: normalize_up(raw, kernel_size, scale), raw)
    assert_close(kernels, _up(raw, kernel_size, scale, groups))


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 6])
def test_down_is_a_softmax_of_the_raw_values(rng, kernel_size, groups):
    raw = rng.normal(scale=3, size=(2, 3, 2, groups * kernel_size**2))
    expected = _softmax(raw.reshape(2, 3, 2, groups, -1)).reshape(raw.shape)
    assert_close(run(lambda raw: softmax_taps(raw, kernel_size), raw), expected)


def test_up_weights_of_nine_taps_lie_in_the_papers_interval(rng):
    raw = 50 * rng.choice([-1.0, 1.0], size=(1, 8, 8, 4 * 9))
    raw[0, 0, 0, :9] = [50.0] + [-50.0] * 8
    raw[0, 0, 0, 9:18] = [-50.0] + [50.0] * 8
    kernels = to_numpy(run(lambda raw: normalize_up(raw, 3, 2), raw))
    # e^1 against eight e^0, and e^0 against eight e^1.
    assert kernels.max() == pytest.approx(0.2536, abs=5e-5)
    assert kernels.min() == pytest.approx(0.0440, abs=5e-5)
    assert kernels[0, 0, 0, 0] == kernels.max()
    assert kernels[0, 0, 1, 0] == kernels.min()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_precision(rng, dtype):
    raw = ops.convert_to_tensor(rng.normal(size=(1, 2, 3, 4 * 9)), dtype)
    exact = to_numpy(raw).astype("float64")
    up, down = run(lambda raw: normalize_up(raw, 3, 2), raw), run(lambda raw: softmax_taps(raw, 6), raw)
    for kernels, expected in ((up, _up(exact, 3, 2, 1)), (down, _softmax(exact))):
        assert keras.backend.standardize_dtype(kernels.dtype) == dtype
        assert_close(kernels, expected)


def test_gradcheck(rng):
    raw, cotangent = rng.normal(size=(1, 1, 2, 36)), rng.normal(size=(1, 2, 4, 9))
    (expected,) = numeric_gradient(lambda raw: _up(raw, 3, 2, 1), raw, cotangent=cotangent)
    (actual,) = gradients(lambda raw: normalize_up(raw, 3, 2), raw, cotangent=cotangent)
    assert_close(actual, expected, atol=1e-8)


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
def test_jit_of_unknown_sizes(rng, jit):
    import tensorflow as tf

    signature = [tf.TensorSpec([None, None, None, 72], "float64")]
    traced = tf.function(lambda raw: normalize_up(raw, 3, 2), jit_compile=jit, input_signature=signature)
    raw = rng.normal(size=(2, 3, 1, 72))
    assert_close(traced(tf.constant(raw)), _up(raw, 3, 2, 2))
