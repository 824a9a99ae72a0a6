"""Downsampling as a layer: in place of a pooling layer."""

import keras
import numpy as np
import pytest

from a2u_tf.layers import A2UDownSampling2D
from a2u_tf.ops import reference
from tests.helpers import run, to_numpy
from tests.layers.oracle import FLOAT64_TOLERANCE, VARIANTS, a2u_kernels, maker, named_weights

make_layer = maker(A2UDownSampling2D)


@pytest.mark.parametrize("size", [(6, 8), (5, 7), (1, 1), (2, 3)])
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_cardinality_of_outputs(rng, size, scale):
    layer = make_layer((None, None, None, 4), scale=scale, groups=2, encoding_size=3, variant="hybrid")
    x = rng.normal(size=(2, *size, 4)).astype("float32")
    expected = (2, -(-size[0] // scale), -(-size[1] // scale), 4)
    assert tuple(run(layer, x).shape) == layer.compute_output_shape(x.shape) == expected


def test_cardinality_of_unknown_sizes():
    layer = A2UDownSampling2D()
    assert layer.compute_output_shape((None, None, 5, 4)) == (None, None, 3, 4)
    assert layer(keras.Input((None, 5, 4))).shape == (None, None, 3, 4)


@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_feature_equals_numpy(rng, variant, shared):
    settings = {"variant": variant, "encoding_size": 3, "groups": 2}
    layer = make_layer((2, 5, 6, 4), rng, dtype="float64", channel_shared=shared, **settings)
    x = rng.normal(size=(2, 5, 6, 4)) / 2
    kernels = a2u_kernels(x, named_weights(layer.kernels), **settings)
    expected = reference.reassemble_down(x, kernels["down"], 6, groups=2)
    np.testing.assert_allclose(to_numpy(run(layer, x)), expected, rtol=0, atol=10 * FLOAT64_TOLERANCE)


@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_feature_constant_stays_constant_in_the_interior(rng, variant, shared):
    layer = make_layer((1, 12, 11, 3), rng, variant=variant, channel_shared=shared)
    outputs = to_numpy(run(layer, np.full((1, 12, 11, 3), 0.3, "float32")))
    np.testing.assert_allclose(outputs[:, 1:4, 1:4], 0.3, atol=1e-5)


@pytest.mark.network
@pytest.mark.tensorflow  # the upsampling twin trains on every backend
@pytest.mark.parametrize("pooling", [keras.layers.MaxPooling2D, A2UDownSampling2D])
def test_smoke_in_place_of_max_pooling2d(rng, pooling):
    model = keras.Sequential([keras.layers.Conv2D(4, 3, padding="same"), pooling(), keras.layers.Conv2D(1, 1)])
    model.compile("adam", "mse", jit_compile=False)
    for size in ((4, 6), (8, 2)):
        images = rng.uniform(size=(2, *size, 1)).astype("float32")
        outputs = model.predict_on_batch(images)
        assert outputs.shape == (2, size[0] // 2, size[1] // 2, 1)
    assert np.isfinite(model.train_on_batch(images, outputs))
