"""What the benchmarks of single operators share: steps, their time, and a yardstick."""

import time

import tensorflow as tf
from keras import ops


def yardstick(x, k, size, up, down):
    """What a network without A2U would do at this place."""
    if up > 1:
        return ops.image.resize(x, (x.shape[1] * up, x.shape[2] * up))
    return ops.average_pool(x, down, down)


def make_step(function, backward, jit, *settings):
    """Compile `function` into one `tf.function` of features, kernels and upstream gradient."""

    @tf.function(jit_compile=jit)
    def step(x, k, upstream):
        if not backward:
            return function(x, k, *settings)
        with tf.GradientTape() as tape:
            tape.watch((x, k))
            outputs = function(x, k, *settings)
        gradients = tape.gradient(outputs, (x, k), output_gradients=upstream, unconnected_gradients="zero")
        return outputs, *gradients

    return step


def seconds(step, *tensors):
    """Wall time of one call; TensorFlow runs a function on the CPU before it returns."""
    start = time.perf_counter()
    step(*tensors)
    return time.perf_counter() - start
