"""CARAFE against its formula in NumPy, and its limits; `test_goldens` has the published code's numbers."""

import keras
import numpy as np
import pytest

from a2u_tf.layers.comparison.carafe import CARAFEUpSampling2D
from a2u_tf.ops import reference
from tests.helpers import run, to_numpy
from tests.layers.comparison.oracle import conv, shuffle, softmax
from tests.layers.oracle import FLOAT64_TOLERANCE, maker, named_weights, randomize

make = maker(CARAFEUpSampling2D)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_equals_numpy(rng, scale):
    x = rng.normal(size=(2, 3, 4, 4))
    layer = make(x.shape, scale=scale, kernel_size=3, compressed_channels=3, groups=2, dtype="float64")
    randomize(layer, rng)
    weights = named_weights(layer)
    compressed = conv(x, weights["compressor/kernel"], bias=weights["compressor/bias"])
    logits = shuffle(conv(compressed, weights["encoder/kernel"], bias=weights["encoder/bias"]), scale)
    kernels = softmax(logits.reshape(*logits.shape[:3], 2, 9)).reshape(logits.shape)
    expected = reference.reassemble_up(x, kernels, 3, scale=scale, groups=2)
    np.testing.assert_allclose(to_numpy(run(layer, x)), expected, atol=10 * FLOAT64_TOLERANCE)


def test_starts_as_an_average_of_the_window(rng):
    x = rng.normal(size=(1, 8, 9, 64)).astype("float32")
    kernels = to_numpy(make(x.shape).kernels(keras.ops.convert_to_tensor(x)))
    assert np.abs(kernels - 1 / 25).max() < 0.02


def test_encoder_of_zeros_averages_the_window():
    value = np.array([[[[3.0, -5.0]]]], "float32")
    layer = make(value.shape)
    layer.encoder.set_weights([np.zeros_like(weight) for weight in layer.encoder.get_weights()])
    np.testing.assert_allclose(to_numpy(layer(value)), np.broadcast_to(value / 25, (1, 2, 2, 2)), atol=1e-6)


def test_exception_of_groups_that_do_not_divide():
    with pytest.raises(ValueError, match="`groups` must divide the channels"):
        CARAFEUpSampling2D(groups=3)(np.zeros((1, 2, 2, 4), "float32"))
