"""The auto-encoder: its layers, its size, where its kernels come from, what it refuses."""

import itertools

import keras
import numpy as np
import pytest

from a2u_tf.layers import UPSAMPLERS
from a2u_tf.reconstruction.network import reconstruction_net
from tests.helpers import dtype_policy, fused_normalizations, run, to_numpy
from tests.layers.oracle import VARIANTS, count, predict, randomize

pytestmark = pytest.mark.network

# Convolutions 774,720 and batch normalisation 1,410.
PLAIN = 776_130
CONVOLUTIONS = {
    "encoder_1": 288,
    "encoder_2": 18_432,
    "encoder_3": 73_728,
    "bottleneck_1": 294_912,
    "bottleneck_2": 294_912,
    "decoder_3": 73_728,
    "decoder_2": 18_432,
    "decoder_1": 288,
}
NORMS = dict(zip(CONVOLUTIONS, (64, 128, 256, 512, 256, 128, 64, 2), strict=True))
CHANNELS = (32, 64, 128)
RANK = 4  # each with encodings, a projection and a norm of its own


def small(upsampling="nearest", downsampling="max_pool", **settings):
    return reconstruction_net(upsampling, downsampling, **{"input_shape": (16, 16, 1), "encoding_size": 2, **settings})


def test_cardinality_of_the_plain_network():
    model = small()
    names = [layer.name for layer in model.layers]
    expected = ["image"]
    for stage in (1, 2, 3):
        expected += [f"encoder_{stage}_{part}" for part in ("conv", "norm", "relu")] + [f"downsampling_{stage}"]
    expected += [f"bottleneck_{stage}_{part}" for stage in (1, 2) for part in ("conv", "norm", "relu")]
    for stage in (3, 2, 1):
        expected += [f"upsampling_{stage}"] + [f"decoder_{stage}_{part}" for part in ("conv", "norm", "relu")]
    assert names == [*expected, "reconstruction"]
    assert {name: count(model.get_layer(f"{name}_conv")) for name in CONVOLUTIONS} == CONVOLUTIONS
    assert {name: count(model.get_layer(f"{name}_norm")) for name in NORMS} == NORMS
    assert count(model) == PLAIN


def test_cardinality_of_strided_convolutions():
    assert count(small("bilinear", "conv")) == PLAIN + sum(9 * c * c + c for c in CHANNELS)


@pytest.mark.parametrize("methods", [("a2u", "max_pool"), ("nearest", "a2u"), ("a2u", "a2u")], ids=str)
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_cardinality_that_a2u_adds(variant, shared, methods):
    model = small(*methods, variant=variant, channel_shared=shared, kernel_size=3)
    expected = 0
    for channels in CHANNELS:
        filters = 1 if shared else channels
        encoders = {"dynamic": 2 * filters * (channels + 1)}.get(variant, 2 * 2**2 * filters)
        projection = 36 if variant == "static" else 36 * (channels + 1)
        expected += encoders + methods.count("a2u") * projection + 4 * channels
    assert count(model) == PLAIN + RANK * expected


def test_cardinality_of_the_default_network():
    model = reconstruction_net()
    added = sum(2 * (c + 1) + 4 * (c + 1) + 4 * c for c in CHANNELS)  # encodings, kernels, norm
    assert count(model) == PLAIN + RANK * added
    assert model.input_shape == model.output_shape == (None, 32, 32, 1)
    generator = model.get_layer("kernels_1")
    assert (generator.kernel_size, generator.encoding_size, generator.directions) == (1, 2, ("up",))
    assert not np.any(generator.projection_up.kernel)  # all gates start half open


MIXED = itertools.product(("bilinear", "a2u"), ("conv", "max_pool", "a2u"))
INDEXNET = [("indexnet_hin", "max_pool"), ("indexnet_m2o", "a2u")]
PARTNERED = [(name, None) for name in UPSAMPLERS]


@pytest.mark.parametrize(("upsampling", "downsampling"), [*MIXED, *PARTNERED, *INDEXNET])
def test_smoke_every_combination(rng, upsampling, downsampling):
    model = small(upsampling, downsampling, variant="static")
    outputs = to_numpy(run(model, rng.uniform(size=(2, 16, 16, 1)).astype("float32")))
    assert (outputs.shape, outputs.dtype) == ((2, 16, 16, 1), "float32")
    assert (np.isfinite(outputs) & (outputs >= 0)).all()


def test_smoke_unknown_sizes_and_colours(rng):
    model = small("a2u", "a2u", input_shape=(None, None, 3), kernel_size=1)
    assert model.output_shape == (None, None, None, 3)
    for size in ((16, 8), (8, 24)):
        images = rng.uniform(size=(1, *size, 3)).astype("float32")
        assert predict(model, images).shape == images.shape


def test_feature_kernels_come_from_the_feature_before_downsampling():
    model = small("a2u", "a2u")
    for stage in (1, 2, 3):
        feature = model.get_layer(f"encoder_{stage}_relu").output
        generator = model.get_layer(f"kernels_{stage}")
        assert generator.input is feature
        kernels = dict(zip(("down", "up"), generator.output, strict=True))  # by name, as Keras flattens a dict
        down, up = model.get_layer(f"downsampling_{stage}").input, model.get_layer(f"upsampling_{stage}").input
        assert down[0] is feature
        assert down[1] is kernels["down"]
        assert up[1] is kernels["up"]
    assert model.get_layer("upsampling_3").input[0] is model.get_layer("bottleneck_2_relu").output
    assert model.get_layer("upsampling_2").input[0] is model.get_layer("decoder_3_relu").output
    assert model.get_layer("upsampling_1").input[0] is model.get_layer("decoder_2_relu").output


def test_feature_generators_make_only_what_is_used():
    assert small("a2u", "conv").get_layer("kernels_2").directions == ("up",)
    assert small("bilinear", "a2u").get_layer("kernels_2").directions == ("down",)
    assert not [layer for layer in small().layers if layer.name.startswith("kernels")]
    assert small("a2u", kernel_size=5).get_layer("upsampling_1").kernel_size == 5
    assert small("nearest", "a2u", kernel_size=5).get_layer("downsampling_1").kernel_size == 10


def test_serialization_of_keras_files(tmp_path, rng):
    model = small("a2u", "a2u", kernel_size=1)
    randomize(model, rng)
    images = rng.uniform(size=(2, 16, 16, 1)).astype("float32")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    outputs, expected = predict(loaded, images), predict(model, images)
    # What is loaded normalises as Keras does, which rounds otherwise; outputs of random weights are large.
    np.testing.assert_allclose(outputs, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.tensorflow
def test_normalisation_is_fused():
    assert fused_normalizations(small()) == [True] * len(NORMS)
    assert fused_normalizations(small("indexnet_o2o", None)) == [True] * (len(NORMS) + 3 * 4)  # in its guides, too


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_precision_of_mixed_policies(rng, policy):
    full = small("a2u", "a2u", kernel_size=1)
    with dtype_policy(policy):
        mixed = small("a2u", "a2u", kernel_size=1)
    mixed.set_weights(full.get_weights())
    assert mixed.get_layer("kernels_1").compute_dtype == policy.removeprefix("mixed_")
    images = rng.uniform(size=(2, 16, 16, 1)).astype("float32")
    outputs, expected = (to_numpy(run(model, images)) for model in (mixed, full))
    assert mixed.output.dtype == outputs.dtype == "float32"
    np.testing.assert_allclose(outputs, expected, atol=5e-2 * np.abs(expected).max())


@pytest.mark.parametrize("shape", [(12, 16, 1), (16, 20, 1), (16, 16), (16, None, 1, 1)])
def test_exception_of_sizes(shape):
    with pytest.raises(ValueError, match=r"multiples of 8.*Received: input_shape=.*Pad or resize"):
        reconstruction_net(input_shape=shape)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("upsampling", "other", "must be one of .*'bilinear'.*"),
        ("downsampling", "nearest", "must be one of .*'max_pool'.*"),
        ("variant", "other", ""),
        ("kernel_size", 2, ""),
    ],
)
def test_exception_of_unknown_methods(name, value, message):
    with pytest.raises(ValueError, match=f"{message}Received: {name}={value!r}"):
        reconstruction_net(**{name: value})
