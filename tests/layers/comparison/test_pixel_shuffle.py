"""Sub-pixel convolution against vectors and NumPy."""

import numpy as np
import pytest

from a2u_tf.layers.comparison.pixel_shuffle import PixelShuffleUpSampling2D
from tests.helpers import run, to_numpy
from tests.layers.comparison.oracle import conv, golden, shuffle, shuffled
from tests.layers.oracle import FLOAT64_TOLERANCE, maker, named_weights, randomize

make = maker(PixelShuffleUpSampling2D)


def test_golden(golden_dir):
    vectors = golden(golden_dir, "pixelshuffle_k3")
    layer = make(vectors["x"].shape)
    # The vectors go from three channels to two: the third one stays empty here.
    kernel = np.concatenate([vectors["param.weight"], np.zeros((3, 3, 3, 4), "float32")], axis=-1)
    bias = np.concatenate([vectors["param.bias"], np.zeros(4, "float32")])
    layer.conv.set_weights([shuffled(kernel, 2), shuffled(bias, 2)])
    outputs = to_numpy(layer(vectors["x"]))
    np.testing.assert_allclose(outputs[..., :2], vectors["y"], atol=1e-5)
    assert not outputs[..., 2].any()


@pytest.mark.parametrize(("scale", "kernel_size"), [(1, 3), (2, 3), (3, 1), (2, 5)])
def test_equals_numpy(rng, scale, kernel_size):
    x = rng.normal(size=(2, 3, 4, 2))
    layer = make(x.shape, scale=scale, kernel_size=kernel_size, dtype="float64")
    randomize(layer, rng)
    weights = named_weights(layer)
    expected = shuffle(conv(x, weights["conv/kernel"], bias=weights["conv/bias"]), scale)
    np.testing.assert_allclose(to_numpy(run(layer, x)), expected, atol=10 * FLOAT64_TOLERANCE)
