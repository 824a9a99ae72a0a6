"""Stages of the matting network: their strides, their padding and their first weights."""

import keras
import numpy as np
import pytest

from a2u_tf.layers.resampling import Resampling
from a2u_tf.matting.network import stages
from tests.helpers import assert_close, to_numpy


@pytest.mark.parametrize("downsampling", ["max_pool", "conv", "a2u"])
def test_features_lie_at_their_strides(downsampling):
    image = keras.Input((32, 48, 4))
    features, guides = stages.encode(image, [4, 6, 8], Resampling("a2u", downsampling))
    assert [x.shape[1:] for x in features] == [(32, 48, 4), (16, 24, 4), (8, 12, 4), (4, 6, 6), (2, 3, 8)]
    assert len(guides) == 4
    outputs = stages.decode(features[4], features[:4], guides, [4, 4, 6, 8], Resampling("a2u", downsampling))
    assert outputs.shape[1:3] == (32, 48)
    assert stages.head(outputs).shape[1:] == (32, 48, 1)


def test_strided_convolutions_are_centred(rng):
    x = rng.normal(size=(1, 6, 8, 1)).astype("float32")
    inputs = keras.Input((6, 8, 1))
    model = keras.Model(inputs, stages.conv_norm(inputs, 1, 3, "a", strides=2, activate=False))
    weights = rng.normal(size=(3, 3)).astype("float32")
    model.get_layer("a_conv").set_weights([weights[..., None, None]])
    padded = np.pad(x[0, ..., 0], 1)
    expected = [[(padded[i : i + 3, j : j + 3] * weights).sum() for j in range(0, 8, 2)] for i in range(0, 6, 2)]
    assert_close(model(x)[0, ..., 0], np.array(expected) / np.sqrt(1 + 1e-5), dtype="float32")


def test_convolutions_start_with_the_gain_of_their_activation():
    keras.utils.set_random_seed(0)
    layer = stages.conv(64, 3, "a")
    layer.build((None, 8, 8, 32))
    expected = np.sqrt(2 / (1 + stages.SLOPE**2) * 2 / (9 * (32 + 64)))
    # Of 18,432 numbers the deviation is known to half a percent.
    assert to_numpy(layer.kernel).std() == pytest.approx(expected, rel=0.03)
