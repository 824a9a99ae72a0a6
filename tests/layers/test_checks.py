"""Arguments and calls as Keras spells them: what works saves and loads, and what cannot says the way out."""

import json

import keras
import numpy as np
import pytest

from a2u_tf.layers import GUIDED, UPSAMPLERS, A2UDownSampling2D, A2UKernels, Reassembly2D, make_upsampler
from a2u_tf.layers.base import GuidedUpSampling2D
from a2u_tf.layers.checks import check_guidance, read_data_format, read_scale
from tests.helpers import run, to_numpy
from tests.layers.oracle import arrays, predict

OURS = [name for name in UPSAMPLERS if name != "nearest"]  # that one is Keras' own


@pytest.fixture
def channels_first():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format(before)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"size": 2},
        {"size": (2, 2)},
        {"size": [np.int64(2), 2]},
        {"scale": np.uint8(2), "size": 2},
        {"scale": (2, 2)},
    ],
)
def test_scale(given):
    scale = read_scale(**given)
    assert scale == 2
    assert type(scale) is int


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scale": 2, "size": 3}, r"`size` is Keras' name for `scale`.*Received: scale=2, size=3"),
        ({"size": (2, 3)}, r"`size` must be one integer, or the same one.*Received: size=\(2, 3\).*UpSampling2D"),
        ({"size": (2, 2, 2)}, r"`size` must be one integer, or the same one.*Received: size=\(2, 2, 2\)"),
        ({"size": 2.0}, "`size` must be an integer of at least 1. Received: size=2.0"),
        ({"size": True}, "`size` must be an integer of at least 1. Received: size=True"),
        ({"scale": np.bool_(True)}, "`scale` must be an integer of at least 1"),
        ({"scale": 0}, "`scale` must be an integer of at least 1. Received: scale=0"),
    ],
)
def test_exception_of_scales(given, message):
    with pytest.raises(ValueError, match=message):
        read_scale(**given)


@pytest.mark.parametrize("name", UPSAMPLERS)
def test_size_and_numpy_integers_are_saved(name):
    settings = {"size": (np.int64(2), np.int64(2)), "data_format": "channels_last"}
    layer = make_upsampler(name, **settings)
    config = json.loads(json.dumps(layer.get_config()))
    assert type(layer).from_config(config).get_config() == make_upsampler(name, 2, name=layer.name).get_config()


@pytest.mark.parametrize("layer", [A2UKernels, A2UDownSampling2D])
def test_numpy_integers_everywhere(layer):
    names = ("size", "kernel_size", "encoding_size", "rank", "groups")
    made = layer(**dict.fromkeys(names, np.int64(1)), name="layer")
    assert json.loads(json.dumps(made.get_config())) == layer(1, 1, 1, rank=1, groups=1, name="layer").get_config()


@pytest.mark.parametrize("name", sorted(GUIDED))
def test_a_list_of_inputs_is_two_inputs(rng, name, tmp_path):
    inputs = [keras.Input((None, None, 8)), keras.Input((None, None, 8))]
    layer = make_upsampler(name)
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    given = arrays(rng, name)
    expected = to_numpy(run(lambda *x: layer(*x), *given))
    np.testing.assert_array_equal(to_numpy(run(lambda *x: layer(list(x)), *given)), expected)
    np.testing.assert_array_equal(predict(keras.saving.load_model(tmp_path / "model.keras"), given), expected)


def test_a_list_of_features_and_kernels(rng):
    features, kernels = rng.normal(size=(1, 3, 4, 2)), rng.normal(size=(1, 6, 8, 9))
    layer = Reassembly2D("up", 3, size=2)
    np.testing.assert_array_equal(to_numpy(layer([features, kernels])), to_numpy(layer(features, kernels)))


@pytest.mark.parametrize("name", OURS)
def test_exception_of_other_interpolations(name):
    with pytest.raises(ValueError, match=r"interpolat.*Received: interpolation='nearest'.*keras.layers.UpSampling2D"):
        make_upsampler(name, interpolation="nearest")


@pytest.mark.parametrize("name", OURS)
def test_exception_of_channels_first(name):
    with pytest.raises(ValueError, match=r"channels-last tensors.*Received: data_format='channels_first'.*Permute"):
        make_upsampler(name, data_format="channels_first")


@pytest.mark.parametrize("make", [A2UKernels, A2UDownSampling2D, lambda: Reassembly2D("up", 1), *OURS])
def test_exception_of_channels_first_in_the_settings(make, channels_first):
    with pytest.raises(ValueError, match=r"Received: keras.config.image_data_format\(\)='channels_first'.*Permute"):
        make_upsampler(make) if isinstance(make, str) else make()


@pytest.mark.parametrize("name", UPSAMPLERS)
def test_channels_last_under_other_settings(rng, name, channels_first):
    layer = make_upsampler(name, data_format="channels_last")
    assert tuple(run(lambda *x: layer(*x), *arrays(rng, name)).shape) == (2, 6, 10, 8)
    assert read_data_format("It", "channels_last") == "channels_last"


def test_saved_under_one_setting_and_loaded_under_the_other(rng, tmp_path, channels_first):
    keras.config.set_image_data_format("channels_last")
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, make_upsampler("a2u")(inputs))
    model.save(tmp_path / "model.keras")
    keras.config.set_image_data_format("channels_first")
    x = rng.normal(size=(1, 4, 4, 3)).astype("float32")
    np.testing.assert_array_equal(predict(keras.saving.load_model(tmp_path / "model.keras"), x), predict(model, x))


@pytest.mark.parametrize("shape", [(None, None, None, 3), (2, 5, 7, 1), [2, 5, 7, 1]])
def test_guidance_of_rank_4_with_channels_passes(shape):
    check_guidance(shape)


@pytest.mark.parametrize("shape", [(2, 5, 7), (2, 5, 7, 3, 1), (2, 5, 7, None), {"up": (2, 5, 7, 1)}])
def test_other_guidance_is_refused_with_its_shape(shape):
    with pytest.raises(ValueError, match=r"rank 4.*channel count is known.*Received: shape=") as error:
        check_guidance(shape)
    assert str(shape) in str(error.value)


class Guided(GuidedUpSampling2D):
    def upsample(self, inputs, guidance):
        return guidance[..., :1]


@pytest.fixture
def layer():
    return Guided(3)


@pytest.mark.parametrize("inputs", [(2, 3, 4, 7), (2, None, None, 7)])
@pytest.mark.parametrize("guidance", [(2, 9, 12, 5), (None, None, 12, 5), (2, None, None, 1)])
def test_exact_guidance_passes(layer, inputs, guidance):
    assert layer.compute_output_shape(inputs, guidance) == (*guidance[:3], 7)


@pytest.mark.parametrize("guidance", [(2, 8, 12, 5), (2, 9, 11, 5), (None, None, 13, 5)])
def test_other_sizes_of_guidance_are_refused(layer, guidance):
    with pytest.raises(ValueError, match=r"exactly 3 times.*Received: inputs.shape=\(2, 3, 4, 7\), guidance.shape="):
        layer.compute_output_shape((2, 3, 4, 7), guidance)


def test_missing_guidance_is_refused(layer):
    for call in (lambda: layer.compute_output_shape((2, 3, 4, 7)), lambda: layer.call(keras.ops.zeros((2, 3, 4, 7)))):
        with pytest.raises(ValueError, match=r"Guided needs guidance: call it with \(inputs, guidance\)"):
            call()


def test_guidance_of_other_ranks_is_refused(layer):
    with pytest.raises(ValueError, match=r"rank 4.*Received: shape=\(2, 9, 12\)"):
        layer.compute_output_shape((2, 3, 4, 7), (2, 9, 12))


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, None)])
def test_features_of_other_ranks_are_refused(layer, shape):
    with pytest.raises(ValueError, match=r"Guided upsamples tensors of rank 4.*Received: shape="):
        layer.compute_output_shape(shape, (2, 9, 12, 5))


@pytest.mark.tensorflow
def test_unknown_sizes_of_guidance_are_checked_when_the_graph_runs(layer):
    import tensorflow as tf

    function = tf.function(layer.call, input_signature=[tf.TensorSpec((None, None, None, 4))] * 2)
    assert function(tf.zeros((2, 2, 1, 4)), tf.zeros((2, 6, 3, 4))).shape == (2, 6, 3, 1)
    for shape in ((2, 5, 3, 4), (2, 6, 4, 4), (1, 6, 3, 4)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="exactly 3 times the height and width"):
            function(tf.zeros((2, 2, 1, 4)), tf.zeros(shape))
