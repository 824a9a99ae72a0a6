"""What every upsampling method does alike: by name, at any size it allows, in models, graphs and half precision."""

import keras
import numpy as np
import pytest

from a2u_tf.layers import GUIDED, UPSAMPLERS, make_upsampler
from tests.helpers import run, skip_unless_empty_maps_convolve, to_numpy
from tests.layers.oracle import arrays, count, model_of, predict

# Others are for TensorFlow alone: JAX compiles each anew.
SIZES = [(3, 5), *(pytest.param(size, marks=pytest.mark.tensorflow) for size in ((1, 1), (4, 2)))]
CONVOLVING = ("pixel_shuffle", "carafe", "indexnet_hin", "indexnet_o2o", "indexnet_m2o", "fade")
DOUBLING = ("indexnet_hin", "indexnet_o2o", "indexnet_m2o", "fade", "fade_lite")


@pytest.mark.parametrize("name", UPSAMPLERS)
@pytest.mark.parametrize("size", SIZES)
def test_doubles_any_size(rng, name, size):
    layer = make_upsampler(name)
    inputs = arrays(rng, name, size)
    outputs = run(layer, *inputs)
    expected = (2, 2 * size[0], 2 * size[1], 8)
    assert tuple(outputs.shape) == tuple(layer.compute_output_shape(*(x.shape for x in inputs))) == expected
    assert np.isfinite(to_numpy(outputs)).all()


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", UPSAMPLERS)
def test_empty_batch(rng, name):
    if name in CONVOLVING:
        skip_unless_empty_maps_convolve()
    assert tuple(make_upsampler(name)(*arrays(rng, name, batch=0)).shape) == (0, 6, 10, 8)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", UPSAMPLERS)
def test_other_scales_or_a_clear_error(rng, name):
    if name in DOUBLING:
        with pytest.raises(ValueError, match=r"upsamples by 2 only\. Received: scale=3"):
            make_upsampler(name, scale=3)
    else:
        assert tuple(make_upsampler(name, scale=3)(*arrays(rng, name, scale=3)).shape) == (2, 9, 15, 8)


@pytest.mark.parametrize("name", UPSAMPLERS)
def test_unknown_sizes(name):
    scale = 2 if name in DOUBLING else 3
    shapes = [(None, None, 5, 8), (None, None, 5 * scale, 8)][: 1 + (name in GUIDED)]
    layer = make_upsampler(name, scale=scale)
    assert layer.compute_output_shape(*shapes) == (None, None, 5 * scale, 8)
    assert layer(*(keras.Input(shape[1:]) for shape in shapes)).shape == (None, None, 5 * scale, 8)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("transposed_conv", 811_520),
        ("pixel_shuffle", 3_246_080),
        ("carafe", 263_824),
        ("indexnet_hin", 32 * (64**2 * 2 + 128**2 + 256**2) + 12 * 512),
        ("indexnet_m2o", 12_263_424),
        ("dysample", 16_512),
        ("fade", 124_008),
        ("fade_lite", 27_216),
        ("sapa_i", 0),
        ("sapa_b", 35_072),
        ("sapa_g", 35_588),
    ],
)
def test_published_parameters_of_four_stages(name, expected):
    layers = [make_upsampler(name) for _ in range(4)]
    for layer, channels in zip(layers, (64, 64, 128, 256), strict=True):
        layer.build(*[(None, None, None, channels)] * (1 + (name in GUIDED)))
    assert sum(map(count, layers)) == expected


@pytest.mark.parametrize("name", UPSAMPLERS)
def test_round_trip(rng, name, tmp_path):
    model = model_of(name)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    inputs = arrays(rng, name)
    np.testing.assert_array_equal(predict(loaded, inputs), predict(model, inputs))
    assert loaded.get_layer("up").get_config() == model.get_layer("up").get_config()


@pytest.mark.parametrize("name", UPSAMPLERS)
def test_frozen_stays_frozen(name):
    model = model_of(name)
    model.get_layer("up").trainable = False
    copy = keras.models.clone_model(model)  # by the configurations that a saved model holds
    assert len(copy.weights) == len(model.weights)
    assert not copy.trainable_variables


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", UPSAMPLERS)
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision(rng, name, policy):
    full, half = make_upsampler(name), make_upsampler(name, dtype=policy)
    inputs = [8 * x for x in arrays(rng, name)]
    expected = to_numpy(run(full, *inputs))
    half(*inputs)
    half.set_weights(full.get_weights())
    outputs = run(half, *inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == policy.removeprefix("mixed_")
    share = np.abs(to_numpy(outputs) - expected) > 0.03 * np.abs(expected).max()
    # Where two values of a window are the same in half precision, its maximum may lie elsewhere.
    assert share.mean() < (0.02 if name == "max_unpool" else 1e-6)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", UPSAMPLERS)
@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_graphs_of_open_sizes(rng, name, jit_compile):
    import tensorflow as tf

    layer = make_upsampler(name)
    inputs = arrays(rng, name)
    expected = to_numpy(layer(*inputs))
    shapes = [x.shape for x in inputs] if jit_compile else [(None, None, None, 8)] * len(inputs)
    signature = [tf.TensorSpec(shape) for shape in shapes]
    traced = tf.function(lambda *x: layer(*x), input_signature=signature, jit_compile=jit_compile)
    np.testing.assert_allclose(to_numpy(traced(*inputs)), expected, atol=1e-5)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "name", ["a2u", "a2u static", "a2u composite", "carafe", "dysample", "fade", "sapa_b", "max_unpool"]
)
def test_vectorized_map_equals_the_batch(rng, name):
    import tensorflow as tf

    name, _, setting = name.partition(" ")
    settings = {"static": {"variant": "static"}, "composite": {"implementation": "composite"}}.get(setting, {})
    layer, tensors = make_upsampler(name, **settings), tuple(map(tf.constant, arrays(rng, name, batch=3)))
    actual = tf.vectorized_map(lambda sample: layer(*(x[None] for x in sample))[0], tensors)
    np.testing.assert_allclose(actual, layer(*tensors), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("carafe", {"kernel_size": 4}, "`kernel_size` of upsampling must be odd"),
        ("carafe", {"encoder_size": 2}, "`encoder_size` must be an odd integer. Received: encoder_size=2"),
        ("carafe", {"compressed_channels": 0}, "`compressed_channels` must be an integer of at least 1"),
        ("carafe", {"scale": 1.5}, "`scale` must be an integer"),
        ("carafe", {"groups": 0}, "`groups` must be an integer"),
        ("dysample", {"style": "xx"}, r"`style` must be one of \('lp', 'pl'\). Received: style='xx'"),
        ("dysample", {"groups": 1.5}, "Received: groups=1.5"),
        ("fade", {"kernel_size": 4}, "must be odd.*Received: kernel_size=4"),
        ("fade", {"embedding_size": 0}, "Received: embedding_size=0"),
        ("fade", {"implementation": "xx"}, "Received: 'xx'"),
        ("sapa_b", {"kernel_size": 4}, "must be odd.*Received: kernel_size=4"),
        ("sapa_b", {"embedding_size": 0}, "Received: embedding_size=0"),
        ("indexnet_hin", {"expansion": 0}, "`expansion` must be .*expansion=0"),
        ("pixel_shuffle", {"kernel_size": 2.5}, "`kernel_size` must be an integer of at least 1"),
        ("transposed_conv", {"kernel_size": 0}, "`kernel_size` must be an integer of at least 1"),
    ],
)
def test_exception_of_settings(name, settings, message):
    with pytest.raises(ValueError, match=message):
        make_upsampler(name, **settings)


@pytest.mark.parametrize("name", sorted(GUIDED - {"a2u", "max_unpool"}))
@pytest.mark.parametrize("size", [(5, 10), (6, 9), (7, 10), (3, 5)])
def test_exception_of_guidance_that_is_not_twice_as_large(rng, name, size):
    features, _ = arrays(rng, name)
    with pytest.raises(ValueError, match=r"guidance of exactly 2 times .*Received: inputs.shape=.*takes odd sizes"):
        make_upsampler(name)(features, np.zeros((2, *size, 8), "float32"))


@pytest.mark.parametrize("name", sorted(set(UPSAMPLERS) - {"nearest", "bilinear", "a2u"}))
def test_exception_of_rank(name):
    shapes = [(2, 3, 8), (2, 6, 10, 8)][: 1 + (name in GUIDED)]
    with pytest.raises(ValueError, match=r"tensors of rank 4, \(batch, height, width, channels\).*Received"):
        make_upsampler(name)(*(np.zeros(shape, "float32") for shape in shapes))


def test_exception_of_unknown_names():
    with pytest.raises(ValueError, match=r"`name` must be one of \('nearest', .*\). Received: name='cubic'"):
        make_upsampler("cubic")


def test_options_reach_the_layer():
    layer = make_upsampler("carafe", scale=4, kernel_size=3, groups=2, name="up")
    assert (layer.scale, layer.kernel_size, layer.groups, layer.name) == (4, 3, 2, "up")
    assert make_upsampler("bilinear", scale=3).size == (3, 3)
    assert make_upsampler("indexnet_hin", nonlinear=False).get_config()["kind"] == "hin"
