"""Convolution in strips is convolution."""

import keras
import numpy as np
import pytest

from a2u_tf.matting import prediction
from a2u_tf.matting.prediction import StripConv2D, can_be_stripped

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("kernel_size", "strip"), [((7, 3), 3000), ((3, 3), 100), ((1, 5), 10_000), ((3, 3), 10**9)])
def test_same_numbers(monkeypatch, rng, kernel_size, strip, known):
    import tensorflow as tf

    monkeypatch.setattr(prediction, "MAX_WHOLE", 1000)
    monkeypatch.setattr(prediction, "STRIP", strip)
    x = rng.normal(size=(1, 33, 21, 4)).astype("float32")
    settings = {"padding": "same", "activation": "relu", "bias_initializer": "ones"}
    plain, layer = keras.layers.Conv2D(5, kernel_size, **settings), StripConv2D(5, kernel_size, **settings)
    expected = plain(x)
    layer.build(x.shape)
    layer.set_weights(plain.get_weights())
    spec = tf.TensorSpec(x.shape if known else (1, None, None, 4))
    graph = tf.function(layer, input_signature=[spec]).get_concrete_function()
    assert any("While" in operation.type for operation in graph.graph.get_operations())
    result = graph(x)
    assert graph.structured_outputs.shape[-1] == 5
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_small_maps_are_convolved_as_a_whole(rng):
    import tensorflow as tf

    layer = StripConv2D(5, 3, padding="same")
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec((1, 33, 21, 4)))
    assert not any("While" in operation.type for operation in graph.graph.get_operations())


def test_which_layers():
    assert can_be_stripped(keras.layers.Conv2D(2, 3, padding="same"))
    for settings in (
        {"kernel_size": 1},
        {"kernel_size": 2},
        {"strides": 2},
        {"dilation_rate": 2},
        {"padding": "valid"},
    ):
        assert not can_be_stripped(
            keras.layers.Conv2D(**{"filters": 2, "kernel_size": 3, "padding": "same"} | settings)
        )
    assert not can_be_stripped(keras.layers.DepthwiseConv2D(3, padding="same"))
    assert not can_be_stripped(keras.layers.ReLU())
