"""What the benchmarks of single operators share: steps, and a yardstick."""

import numpy as np
import tensorflow as tf
from keras import ops

from a2u_tf.ops.layout import Window


def make_tensors(direction, shape, size, scale):
    """Return features of `shape`, kernels and upstream gradient; and the window of the reassembly."""
    window = Window(direction, size, scale)
    maps = tuple(n * window.up // window.down for n in shape[1:3])
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=shape), tf.float32)
    k = tf.nn.softmax(tf.constant(rng.normal(size=(shape[0], *maps, size**2)), tf.float32))
    upstream = tf.constant(rng.normal(size=(shape[0], *maps, shape[3])), tf.float32)
    return (x, k, upstream), window


def yardstick(x, k, window):
    """What a network without A2U would do at this place."""
    if window.up > 1:
        return ops.image.resize(x, (x.shape[1] * window.up, x.shape[2] * window.up))
    return ops.average_pool(x, window.down, window.down)


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
