"""Guidance of the right size, also where the size is known only when a graph runs."""

import keras
import pytest

from a2u_tf.layers.comparison.guidance import checked_guidance


@pytest.fixture
def layer():
    layer = keras.layers.Identity()
    layer.scale = 3
    return layer


def test_tensors_come_back(layer, rng):
    inputs, guidance = rng.normal(size=(2, 2, 1, 4)), rng.normal(size=(2, 6, 3, 1))
    assert checked_guidance(layer, inputs, guidance) == (inputs, guidance)


@pytest.mark.tensorflow
def test_unknown_sizes_are_checked_when_the_graph_runs(layer):
    import tensorflow as tf

    unknown = tf.TensorSpec((None, None, None, 4))
    function = tf.function(lambda *tensors: checked_guidance(layer, *tensors), input_signature=[unknown] * 2)
    function(tf.zeros((2, 2, 1, 4)), tf.zeros((2, 6, 3, 4)))
    for shape in ((2, 5, 3, 4), (2, 6, 4, 4), (1, 6, 3, 4)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="exactly 3 times the height and width"):
            function(tf.zeros((2, 2, 1, 4)), tf.zeros(shape))
