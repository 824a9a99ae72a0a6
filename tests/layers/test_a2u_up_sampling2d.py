"""Upsampling as a layer: in place of `UpSampling2D`, and with guidance."""

import keras
import numpy as np
import pytest

from a2u_tf.layers import A2UUpSampling2D
from a2u_tf.ops import reference
from tests.helpers import run, to_numpy
from tests.layers.oracle import FLOAT64_TOLERANCE, VARIANTS, a2u_kernels, maker, named_weights

make_layer = maker(A2UUpSampling2D)


@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_cardinality_without_guidance(rng, variant, shared, scale):
    layer = make_layer((None, None, None, 4), scale=scale, variant=variant, channel_shared=shared, encoding_size=3)
    x = rng.normal(size=(2, 3, 5, 4)).astype("float32")
    assert tuple(run(layer, x).shape) == layer.compute_output_shape(x.shape) == (2, 3 * scale, 5 * scale, 4)


@pytest.mark.parametrize("size", [(6, 8), (5, 8), (6, 7), (5, 7)])
def test_cardinality_with_guidance(rng, size):
    shapes = (2, 3, 4, 6), (2, *size, 5)
    layer = make_layer(*shapes, groups=2)
    outputs = run(layer, *(rng.normal(size=shape).astype("float32") for shape in shapes))
    assert tuple(outputs.shape) == layer.compute_output_shape(*shapes) == (2, *size, 6)


def test_cardinality_of_unknown_sizes():
    layer = A2UUpSampling2D(scale=3)
    assert layer.compute_output_shape((None, None, 5, 4)) == (None, None, 15, 4)
    assert layer(keras.Input((None, 5, 4))).shape == (None, None, 15, 4)
    guided = A2UUpSampling2D()
    assert guided.compute_output_shape((None, None, 5, 4), (None, None, 9, 2)) == (None, None, 9, 4)
    assert guided(keras.Input((None, 5, 4)), guidance=keras.Input((None, 9, 2))).shape == (None, None, 9, 4)


@pytest.mark.parametrize("guided", [False, True], ids=["alone", "guided"])
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_feature_equals_numpy(rng, variant, shared, guided):
    features, guidance = rng.normal(size=(2, 3, 4, 4)), rng.normal(size=(2, 5, 7, 3)) / 2
    arrays = [features, guidance] if guided else [features]
    settings = {"variant": variant, "encoding_size": 3, "groups": 2}
    layer = make_layer(*(x.shape for x in arrays), rng, dtype="float64", channel_shared=shared, **settings)
    stride = None if guided else 1
    kernels = a2u_kernels(arrays[-1], named_weights(layer.kernels), stride=stride, **settings)
    expected = reference.reassemble_up(features, kernels["up"], 3, groups=2)
    np.testing.assert_allclose(to_numpy(run(layer, *arrays)), expected, rtol=0, atol=10 * FLOAT64_TOLERANCE)


@pytest.mark.network
@pytest.mark.parametrize("upsampling", [keras.layers.UpSampling2D, A2UUpSampling2D])
def test_smoke_in_place_of_up_sampling2d(rng, upsampling):
    inputs = keras.Input((None, None, 1))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(inputs)
    functional = keras.Model(inputs, keras.layers.Conv2D(1, 1)(upsampling()(x)))
    sequential = keras.Sequential(
        [keras.layers.Conv2D(4, 3, strides=2, padding="same"), upsampling(), keras.layers.Conv2D(1, 1)]
    )
    for model in (functional, sequential):
        model.compile("adam", "mse", jit_compile=False)
        for size in ((4, 6), (8, 2)):
            images = rng.uniform(size=(2, *size, 1)).astype("float32")
            assert model.predict_on_batch(images).shape == images.shape
        assert np.isfinite(model.train_on_batch(images, images))


@pytest.mark.parametrize("guided", [False, True], ids=["alone", "guided"])
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_feature_constant_stays_constant_in_the_interior(rng, variant, shared, guided):
    shapes = [(1, 6, 5, 2), (1, 11, 10, 3)][: 1 + guided]
    layer = make_layer(*shapes, rng, variant=variant, channel_shared=shared, encoding_size=3)
    constant = np.full(shapes[0], 0.7, "float32")
    guidance = [rng.normal(size=shape).astype("float32") for shape in shapes[1:]]
    outputs = to_numpy(run(layer, constant, *guidance))
    np.testing.assert_allclose(outputs[:, 2:-2, 2:-2], 0.7, atol=1e-5)
    assert (outputs[:, 0] < 0.69).all()  # taps outside the map are zero and not renormalised


def test_feature_one_layer_serves_other_sizes(rng):
    layer = make_layer((2, 3, 4, 4), (2, 6, 8, 3))
    for size in ((3, 4), (5, 2)):
        features, guidance = (
            np.zeros((1, *size, 4), "float32"),
            np.zeros((1, 2 * size[0] - 1, 2 * size[1], 3), "float32"),
        )
        assert tuple(run(layer, features, guidance).shape) == (1, 2 * size[0] - 1, 2 * size[1], 4)


def test_exception_of_the_other_form(rng):
    features, guidance = np.zeros((1, 2, 2, 4), "float32"), np.zeros((1, 4, 4, 4), "float32")
    layer = A2UUpSampling2D(name="up")
    layer(features)
    with pytest.raises(
        ValueError, match=r"up was built without guidance and was now called with it.*one layer for each"
    ):
        layer(features, guidance=guidance)
    layer = A2UUpSampling2D(name="up")
    layer(features, guidance=guidance)
    with pytest.raises(ValueError, match="up was built with guidance and was now called without it"):
        layer(features)


@pytest.mark.parametrize("shape", [(1, 6, 6, 3), (1, 4, 2, 3), (1, 7, 4, 3), (2, 4, 4, 3)])
def test_exception_of_guidance(shape):
    message = (
        r"same batch size" if shape[0] == 2 else r"divided by the scale 2 and rounded up.*the kernels from guidance"
    )
    with pytest.raises(ValueError, match=message):
        A2UUpSampling2D()(np.zeros((1, 2, 2, 4), "float32"), guidance=np.zeros(shape, "float32"))
    with pytest.raises(ValueError, match=message):
        A2UUpSampling2D()(keras.Input((2, 2, 4), 1), guidance=keras.Input(shape[1:], shape[0]))
