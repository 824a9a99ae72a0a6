"""Tolerances, and gradients on whichever Keras backend is active."""

import contextlib
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

# Of all random inputs and weights; tests must hold for any.
SEED = int(os.environ.get("A2U_TEST_SEED", "0"))

# Multiples of the dtype's eps: relative, and absolute for values of order one.
TOLERANCES = {
    "float16": 2 * 2**-10,  # the inputs are rounded and the result is, by half an eps each; sums between are float32
    "bfloat16": 2 * 2**-7,  # the same
    "float32": 100 * 2**-23,  # sums of a hundred terms of order one, in any order
    "float64": 100 * 2**-52,  # the same
}

FLOAT_DTYPES = ["float32", "float64"]


def assert_close(actual, expected, dtype=None, scale=1.0, atol=None):
    """Compare by the tolerance of `dtype`, by default the dtype of `actual`; shapes must be the same.

    `scale` is the size of what was added up or subtracted on the way, where that is not of order one. `atol` replaces
    all of this: for what is inexact beside rounding, as numeric gradients are.
    """
    dtype = dtype or keras.backend.standardize_dtype(actual.dtype)
    actual, expected = to_numpy(actual), to_numpy(expected)
    assert actual.shape == expected.shape
    tolerance = TOLERANCES[dtype]
    tolerances = {"rtol": tolerance, "atol": tolerance * scale}
    if atol is not None:
        tolerances = {"rtol": 0, "atol": atol}
    np.testing.assert_allclose(actual, expected, **tolerances)


def working_dtype(dtype):
    """What Keras' own layers compute in, given `dtype`: means and norms make float32 of float64 on JAX and torch."""
    return keras.backend.result_type(dtype, dtype)


def to_numpy(x):
    """Return a NumPy array, of half precisions in float32."""
    array = ops.convert_to_numpy(x) if ops.is_tensor(x) else np.asarray(x)
    return array.astype("float32") if array.dtype.itemsize == 2 else array


@contextlib.contextmanager
def dtype_policy(name):
    """Layers made within compute by this policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def tiny_matting():
    """Return the least that a `MattingModel` takes, traced at once: for tests of what lies around a network."""
    from a2u_tf.matting import MattingModel

    half = keras.initializers.Constant(0.5)
    convolution = keras.layers.Conv2D(1, 3, padding="same", bias_initializer=half)
    return MattingModel(keras.Sequential([keras.Input((None, None, 4)), convolution]))


def empty_maps_convolve():
    """Whether they do: TensorFlow's oneDNN, used on newer processors, gives an empty map the channels of its input."""
    return ops.conv(ops.zeros((0, 4, 4, 1)), ops.ones((3, 3, 1, 2)), padding="same").shape[-1] == 2


def skip_unless_empty_maps_convolve():
    """Skip what tests/integration then runs without oneDNN."""
    if not empty_maps_convolve():
        pytest.skip("TensorFlow's oneDNN loses the channels of an empty batch here: tests/integration runs it without")


def run(function, *arrays):
    """Call `function` on tensors; under `jit` on JAX, which else compiles each operation for each shape."""
    if keras.backend.backend() == "jax":
        import jax

        function = jax.jit(function)
    return function(*(ops.convert_to_tensor(array) for array in arrays))


def gradients(function, *arrays, cotangent):
    """NumPy gradients of `sum(function(*arrays) * cotangent)`, one per array, of half precisions in float32."""
    return [to_numpy(x) for x in gradient_tensors(function, *arrays, cotangent=cotangent)]


def gradient_tensors(function, *arrays, cotangent):
    """Gradients of `sum(function(*arrays) * cotangent)` as tensors of the backend."""
    tensors = [ops.convert_to_tensor(array) for array in arrays]

    def loss(*tensors):
        outputs = function(*tensors)
        return ops.sum(outputs * ops.convert_to_tensor(cotangent, dtype=outputs.dtype))

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = loss(*tensors)
        return tape.gradient(value, tensors)
    if backend == "jax":
        import jax

        return jax.jit(jax.grad(loss, argnums=tuple(range(len(tensors)))))(*tensors)
    import torch

    tensors = [tensor.detach().clone().requires_grad_() for tensor in tensors]
    return torch.autograd.grad(loss(*tensors), tensors)


def numeric_gradient(function, *arrays, cotangent, step=1e-4):
    """Central differences of `sum(function(*arrays) * cotangent)` in float64; `function` maps NumPy to NumPy."""
    arrays = [np.array(array, "float64") for array in arrays]
    results = []
    for array in arrays:
        gradient = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            value = array[index]
            array[index] = value + step
            above = np.sum(function(*arrays) * cotangent)
            array[index] = value - step
            below = np.sum(function(*arrays) * cotangent)
            array[index] = value
            gradient[index] = (above - below) / (2 * step)
        results.append(gradient)
    return results


def value_and_gradients(function):
    """Turn `function(*tensors)` into `(*tensors, cotangent) -> [output, *gradients]`, to be traced by TensorFlow."""
    import tensorflow as tf

    def both(*args):
        *tensors, cotangent = args
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            outputs = function(*tensors)
        return [outputs, *tape.gradient(outputs, tensors, output_gradients=cotangent)]

    return both


def fused_normalizations(model):
    """Which layers of batch normalisation of a model are trained by TensorFlow's fused op, where it can."""
    stock = keras.layers.BatchNormalization
    return [layer.call.__func__ is not stock.call for layer in model._flatten_layers() if type(layer) is stock]


def run_python(program, folder=None, **environment):
    """Run a program in a process of its own, which must end well; returns what it printed."""
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout
