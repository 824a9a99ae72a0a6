"""Counts from graphs, against products counted by hand and against TensorFlow's own statistics."""

import math

import keras
import numpy as np
import pytest
from keras import layers, ops

from a2u_tf.complexity import count

pytestmark = pytest.mark.tensorflow


class Function(layers.Layer):
    """A function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, *inputs):
        return self.function(*inputs)


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (layers.Conv2D(8, 3, padding="same"), (1, 10, 12, 4), 10 * 12 * 8 * 3 * 3 * 4),
        (layers.Conv2D(8, (3, 5), strides=2), (1, 11, 13, 4), 5 * 5 * 8 * 3 * 5 * 4),
        # 7 x 10 is no multiple of the dilation: TensorFlow pads, and what it crops is not counted.
        (layers.Conv2D(8, 3, padding="same", dilation_rate=4), (1, 7, 10, 4), 7 * 10 * 8 * 3 * 3 * 4),
        (layers.DepthwiseConv2D(3, padding="same"), (2, 7, 10, 4), 2 * 7 * 10 * 4 * 3 * 3),
        (layers.DepthwiseConv2D(3, padding="same", dilation_rate=6), (1, 7, 10, 4), 7 * 10 * 4 * 3 * 3),
        (layers.Conv2DTranspose(8, 3, strides=2, padding="valid"), (1, 5, 7, 4), 5 * 7 * 8 * 3 * 3 * 4),
    ],
)
def test_convolutions(layer, shape, expected):
    cost = count(layer, shape)
    assert cost.convolution == cost.macs == expected


@pytest.mark.parametrize(
    ("function", "shapes", "expected"),
    [
        (ops.matmul, [(5, 6), (6, 7)], 5 * 6 * 7),
        (ops.matmul, [(2, 3, 5, 6), (2, 3, 6, 7)], 2 * 3 * 5 * 6 * 7),
        (lambda a, b: ops.matmul(ops.swapaxes(a, 1, 2), b), [(2, 6, 5), (2, 6, 7)], 2 * 5 * 6 * 7),
        (lambda a, b: ops.einsum("kh,nhwc->nkwc", a, b), [(3, 6), (2, 6, 5, 4)], 2 * 3 * 6 * 5 * 4),
    ],
)
def test_matrix_products(function, shapes, expected):
    cost = count(Function(function), *shapes)
    assert cost.matmul == cost.macs == expected


def test_transposed_matrix_products():
    import tensorflow as tf

    function = Function(lambda a, b: tf.matmul(a, b, transpose_a=True))
    assert count(function, (6, 5), (6, 7)).matmul == 5 * 6 * 7
    assert count(function, (2, 6, 5), (2, 6, 7)).matmul == 2 * 5 * 6 * 7


def test_bilinear_resizing():
    assert count(layers.UpSampling2D(2, interpolation="bilinear"), (1, 3, 5, 2)).interpolation == 4 * 6 * 10 * 2


def test_products_of_tensors_count_and_scaling_does_not():
    assert count(Function(lambda a, b: a * b), (1, 4, 6, 3), (1, 4, 6, 1)).product == 4 * 6 * 3
    assert count(Function(lambda a: 0.5 * a + 2 * a), (1, 4, 6, 3)).macs == 0


@pytest.mark.parametrize(
    "layer",
    [layers.BatchNormalization(), layers.GroupNormalization(2), layers.LayerNormalization(), layers.Dropout(0.5)],
)
def test_normalisation_and_dropout_are_left_out(layer):
    x = keras.Input((4, 6, 8))
    model = keras.Model(x, layers.Multiply()([layer(x), x]))
    assert count(model, (1, 4, 6, 8)).product == 4 * 6 * 8


def test_kept_tensors():
    maps = 4 * 6 * 8 * 4  # bytes of a map of 8 channels
    assert count(layers.Conv2D(8, 3, padding="same"), (1, 4, 6, 3)).kept_bytes == 0, "the input alone is read"
    assert count(Function(ops.sigmoid), (1, 4, 6, 8)).kept_bytes == maps, "the output"
    two = keras.Sequential([layers.Conv2D(8, 1), layers.Conv2D(3, 1)])
    assert count(two, (1, 4, 6, 3)).kept_bytes == maps, "the map between"
    through_views = Function(lambda x: ops.reshape(ops.reshape(ops.tanh(x), (4, 48)), (24, 8)) ** 2)
    assert count(through_views, (1, 4, 6, 8)).kept_bytes == maps, "one tensor, read in two shapes"
    assert count(Function(lambda x: ops.sum(3 * x + x)), (1, 4, 6, 8)).kept_bytes < 100, "shapes at most"


def test_tensorflow_profiler_agrees():
    """Its statistics are right for convolutions without dilation and for dense layers; it counts two a MAC."""
    import tensorflow as tf

    x = keras.Input((16, 24, 3))
    y = layers.Conv2D(8, 5, strides=2, padding="same", use_bias=False)(x)
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = layers.Dense(6, use_bias=False)(layers.Conv2D(12, 1, use_bias=False)(y))
    model = keras.Model(x, y)
    graph = tf.function(model).get_concrete_function(tf.TensorSpec((2, 16, 24, 3))).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder(tf.compat.v1.profiler.ProfileOptionBuilder.float_operation())
    profile = tf.compat.v1.profiler.profile(graph, cmd="op", options=options.with_empty_output().build())
    assert profile.total_float_ops == 2 * count(model, (2, 16, 24, 3)).macs
    assert math.prod((2, 8, 12)) * (25 * 3 * 8 + 9 * 8 + 8 * 12 + 12 * 6) == count(model, (2, 16, 24, 3)).macs


def test_open_sizes():
    with pytest.raises(ValueError, match=r"static.*Received.*None"):
        count(layers.Conv2D(8, 3), (1, None, 6, 3))


def test_functions_and_loops():
    with pytest.raises(ValueError, match=r"'conv.*PartitionedCall'.*calls a function"):
        count(layers.Conv2D(6, 3, groups=2, name="conv"), (1, 5, 5, 4))  # Keras wraps it into a tf.function
    with pytest.raises(ValueError, match=r"node.*While.*calls a function"):
        count(Function(lambda x: ops.map(lambda row: row * row, x)), (3, 4))


def test_einsum_of_unnamed_axes():
    with pytest.raises(ValueError, match="name all axes"):
        count(Function(lambda a: _tf_einsum("...i,...i->...", a, a)), (2, 3, 4))


def _tf_einsum(equation, *tensors):
    import tensorflow as tf

    return tf.raw_ops.Einsum(inputs=tensors, equation=equation)


def test_the_layer_is_as_before(rng):
    """Counting changes no weight and no state."""
    layer = layers.BatchNormalization()
    x = rng.normal(size=(2, 4, 4, 3)).astype("float32")
    before = ops.convert_to_numpy(layer(x))
    count(layer, (2, 4, 4, 3))
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), before)
