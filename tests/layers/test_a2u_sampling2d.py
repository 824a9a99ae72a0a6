"""Up- and downsampling as layers: sizes, values against NumPy, saving, compiling, precision, refusals."""

import keras
import numpy as np
import pytest

from a2u_tf.layers import A2UDownSampling2D, A2UKernels, A2UUpSampling2D
from a2u_tf.ops import reference
from tests.helpers import assert_close, run, to_numpy
from tests.layers.oracle import FLOAT64_TOLERANCE, VARIANTS, a2u_kernels, maker, named_weights, predict, randomize

LAYERS = [A2UUpSampling2D, A2UDownSampling2D]
FORMS = {  # layer, and shapes that it is called with
    "up": (A2UUpSampling2D, [(2, 3, 4, 4)]),
    "guided": (A2UUpSampling2D, [(2, 3, 4, 4), (2, 5, 7, 3)]),
    "down": (A2UDownSampling2D, [(2, 5, 6, 4)]),
}


def make_arrays(rng, shapes, dtype="float32"):
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def make_model(form, **settings):
    """A model of open sizes around the layer "resample"."""
    layer_class, shapes = FORMS[form]
    inputs = [keras.Input((None, None, shape[3])) for shape in shapes]
    return keras.Model(inputs, layer_class(name="resample", **settings)(*inputs))


@pytest.mark.parametrize(
    ("layer_class", "settings", "shapes", "expected"),
    [
        *((A2UUpSampling2D, {"scale": r}, [(2, 3, 5, 4)], (2, 3 * r, 5 * r, 4)) for r in (1, 2, 3)),
        *(
            (A2UUpSampling2D, {}, [(2, 3, 4, 4), (2, *size, 5)], (2, *size, 4))
            for size in ((6, 8), (5, 8), (6, 7), (5, 7))
        ),
        *(
            (A2UDownSampling2D, {"scale": r}, [(2, *size, 4)], (2, -(-size[0] // r), -(-size[1] // r), 4))
            for size in ((6, 8), (5, 7), (1, 1), (2, 3))
            for r in (1, 2, 3)
        ),
    ],
)
def test_cardinality(rng, layer_class, settings, shapes, expected):
    layer = layer_class(groups=2, encoding_size=3, variant="hybrid", **settings)
    outputs = run(layer, *make_arrays(rng, shapes))
    assert tuple(outputs.shape) == layer.compute_output_shape(*shapes) == expected


def test_cardinality_of_unknown_sizes():
    up, guided, down = A2UUpSampling2D(scale=3), A2UUpSampling2D(), A2UDownSampling2D()
    assert up.compute_output_shape((None, None, 5, 4)) == (None, None, 15, 4)
    assert up(keras.Input((None, 5, 4))).shape == (None, None, 15, 4)
    assert guided.compute_output_shape((None, None, 5, 4), (None, None, 9, 2)) == (None, None, 9, 4)
    assert guided(keras.Input((None, 5, 4)), guidance=keras.Input((None, 9, 2))).shape == (None, None, 9, 4)
    assert down.compute_output_shape((None, None, 5, 4)) == (None, None, 3, 4)
    assert down(keras.Input((None, 5, 4))).shape == (None, None, 3, 4)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_feature_equals_numpy(rng, variant, shared, form):
    layer_class, shapes = FORMS[form]
    settings = {"variant": variant, "encoding_size": 3, "groups": 2}
    layer = maker(layer_class)(*shapes, rng, dtype="float64", channel_shared=shared, **settings)
    arrays = [x / 2 for x in make_arrays(rng, shapes, "float64")]
    stride = 1 if form == "up" else None
    kernels = a2u_kernels(arrays[-1], named_weights(layer.kernels), stride=stride, **settings)
    if form == "down":
        expected = reference.reassemble_down(arrays[0], kernels["down"], 6, groups=2)
    else:
        expected = reference.reassemble_up(arrays[0], kernels["up"], 3, groups=2)
    np.testing.assert_allclose(to_numpy(run(layer, *arrays)), expected, rtol=0, atol=10 * FLOAT64_TOLERANCE)


@pytest.mark.network
@pytest.mark.parametrize("layer", [keras.layers.UpSampling2D, keras.layers.MaxPooling2D, *LAYERS])
def test_smoke_in_place_of_layers_of_keras(rng, layer):
    model = keras.Sequential([keras.layers.Conv2D(4, 3, padding="same"), layer(), keras.layers.Conv2D(1, 1)])
    model.compile("adam", "mse", jit_compile=False)
    for height, width in ((4, 6), (8, 2)):
        images = rng.uniform(size=(2, height, width, 1)).astype("float32")
        outputs = model.predict_on_batch(images)
        enlarged = (2, 2 * height, 2 * width, 1), (2, height // 2, width // 2, 1)
        assert outputs.shape == enlarged[layer in (keras.layers.MaxPooling2D, A2UDownSampling2D)]
    assert np.isfinite(model.train_on_batch(images, outputs))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_feature_constant_stays_constant_in_the_interior(rng, variant, shared, form):
    layer_class = FORMS[form][0]
    shapes = {"up": [(1, 6, 5, 2)], "guided": [(1, 6, 5, 2), (1, 11, 10, 3)], "down": [(1, 12, 11, 3)]}[form]
    layer = maker(layer_class)(*shapes, rng, variant=variant, channel_shared=shared)
    outputs = to_numpy(run(layer, np.full(shapes[0], 0.7, "float32"), *make_arrays(rng, shapes[1:])))
    np.testing.assert_allclose(outputs[:, 2:-2, 2:-2], 0.7, atol=1e-5)
    assert (outputs[:, 0] < 0.69).all()  # taps outside the map are zero and not renormalised


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_serialization_of_keras_files(tmp_path, rng, form, variant, shared):
    model, arrays = make_model(form, variant=variant, channel_shared=shared), make_arrays(rng, FORMS[form][1])
    randomize(model, rng)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(predict(loaded, arrays), predict(model, arrays))
    assert [v.path for v in loaded.variables] == [v.path for v in model.variables]


@pytest.mark.parametrize("form", ["up", "down"])
def test_serialization_of_config_and_clone(rng, form):
    settings = {"scale": 3, "kernel_size": 5, "encoding_size": 2, "variant": "hybrid", "channel_shared": False}
    settings |= {"rank": 2, "groups": 2, "use_bias": False, "use_norm": False, "implementation": "composite"}
    model, arrays = make_model(form, **settings), make_arrays(rng, FORMS[form][1])
    layer = model.get_layer("resample")
    config = layer.get_config()
    assert {name: config[name] for name in settings} == settings
    assert type(layer).from_config(config).get_config() == config
    assert type(layer)(scale=3).get_config()["encoding_size"] == 9

    randomize(model, rng)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    assert clone.get_layer("resample") is not layer
    np.testing.assert_array_equal(predict(clone, arrays), predict(model, arrays))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("layer_class", LAYERS)
def test_precision_of_mixed_policies(rng, layer_class, policy):
    mixed, full = (maker(layer_class)((2, 4, 6, 4), dtype=dtype) for dtype in (policy, "float32"))
    mixed.set_weights(full.get_weights())
    (x,) = make_arrays(rng, [(2, 4, 6, 4)])
    outputs = run(mixed, x)
    dtype = policy.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(outputs.dtype) == mixed.kernels.compute_dtype == dtype
    assert {variable.dtype for variable in mixed.weights} == {"float32"}
    assert_close(outputs, run(full, x), dtype)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("form", ["up", "down"])
def test_smoke_fit_changes_every_weight(rng, form, policy):
    model, arrays = make_model(form, dtype=policy), make_arrays(rng, FORMS[form][1])
    randomize(model, rng)
    before = model.get_weights()
    # Steps that move even a bias of the encodings, most of which the norm takes away, by more than its last bit.
    model.compile(keras.optimizers.SGD(100.0), "mse", jit_compile=False)
    targets = rng.normal(size=predict(model, arrays).shape)
    history = model.fit(arrays, targets, batch_size=2, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    for variable, old in zip(model.variables, before, strict=True):
        assert np.isfinite(to_numpy(variable.value)).all()
        assert not np.array_equal(to_numpy(variable.value), old), variable.path


@pytest.mark.tensorflow
@pytest.mark.parametrize("layer_class", LAYERS)
def test_jit_graph_equals_eager(rng, layer_class):
    import tensorflow as tf

    x = tf.constant(rng.normal(size=(2, 4, 6, 4)), "float32")
    layer = layer_class(variant="static", encoding_size=1, kernel_size=1)
    expected = layer(x)
    assert_close(tf.function(layer)(x), expected)
    assert_close(tf.function(layer, jit_compile=True)(x), expected)


@pytest.mark.parametrize("layer_class", LAYERS)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"implementation": "other"}, "Received: 'other'"),
        ({"kernel_size": 2}, "must be odd.*Received: kernel_size=2"),
        ({"variant": "other"}, "Received: variant='other'"),
        ({"scale": 0}, "Received: scale=0"),
        ({"rank": 0}, "Received: rank=0"),
        ({"encoding_size": 0}, "Received: encoding_size=0"),
    ],
)
def test_exception_of_settings_when_constructed(layer_class, settings, message):
    with pytest.raises(ValueError, match=message):
        layer_class(**settings)


@pytest.mark.parametrize("layer_class", LAYERS)
def test_exception_of_inputs(layer_class):
    with pytest.raises(ValueError, match=r"must divide the channels.*groups=3, channels=4"):
        layer_class(groups=3)(np.zeros((1, 4, 4, 4), "float32"))
    with pytest.raises(ValueError, match="rank 4"):
        layer_class()(np.zeros((4, 4, 4), "float32"))
    with pytest.raises(ValueError, match="channel count is known"):
        layer_class()(keras.Input((4, 4, None)))


@pytest.mark.parametrize(("built", "called"), [("without", "with"), ("with", "without")])
def test_exception_of_the_other_form(built, called):
    features = np.zeros((1, 2, 2, 4), "float32")
    guidance = {"with": {"guidance": np.zeros((1, 4, 4, 4), "float32")}, "without": {}}
    layer = A2UUpSampling2D(name="up")
    layer(features, **guidance[built])
    message = f"up was built {built} guidance and was now called {called} it.*one layer for each"
    with pytest.raises(ValueError, match=message):
        layer(features, **guidance[called])


@pytest.mark.parametrize("shape", [(1, 6, 6, 3), (1, 4, 2, 3), (1, 7, 4, 3), (2, 4, 4, 3)])
def test_exception_of_guidance(shape):
    message = "same batch size" if shape[0] == 2 else "divided by the scale 2 and rounded up.*the kernels from guidance"
    with pytest.raises(ValueError, match=message):
        A2UUpSampling2D()(np.zeros((1, 2, 2, 4), "float32"), guidance=np.zeros(shape, "float32"))
    with pytest.raises(ValueError, match=message):
        A2UUpSampling2D()(keras.Input((2, 2, 4), 1), guidance=keras.Input(shape[1:], shape[0]))


@pytest.mark.parametrize("layer_class", LAYERS)
def test_settings_are_those_of_the_kernel_generator_unless_said(layer_class):
    config, kernels = layer_class().get_config(), A2UKernels().get_config()
    assert {name: config[name] for name in layer_class.settings} == {
        name: kernels[name] for name in layer_class.settings
    }
    with pytest.raises(ValueError, match=r"rank 4.*Received: shape="):
        layer_class().compute_output_shape((2, 4, 4))
