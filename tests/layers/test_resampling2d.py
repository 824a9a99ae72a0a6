"""What the up- and downsampling layers share: saving, cloning, compiling, exporting, precision, refusals."""

import keras
import numpy as np
import pytest

from a2u_tf.layers import A2UDownSampling2D, A2UUpSampling2D
from tests.helpers import SEED, assert_close, run, to_numpy
from tests.layers.oracle import VARIANTS, predict, randomize

LAYERS = [A2UUpSampling2D, A2UDownSampling2D]


def make_model(layer, guided=False):
    """A model of unknown sizes around one layer, and arrays to call it with."""
    rng = np.random.default_rng([SEED, 1])  # beside the weights, which `rng` draws
    inputs = keras.Input((None, None, 4), name="feature")
    if not guided:
        return keras.Model(inputs, layer(inputs)), rng.normal(size=(2, 4, 6, 4)).astype("float32")
    guidance = keras.Input((None, None, 3), name="guidance")
    model = keras.Model([inputs, guidance], layer(inputs, guidance=guidance))
    arrays = [rng.normal(size=(2, 3, 4, 4)), rng.normal(size=(2, 5, 8, 3))]
    return model, [array.astype("float32") for array in arrays]


@pytest.mark.parametrize(("layer_class", "guided"), [(A2UUpSampling2D, False), (A2UUpSampling2D, True), (LAYERS[1], 0)])
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_serialization_of_keras_files(tmp_path, rng, layer_class, guided, variant, shared):
    model, arrays = make_model(layer_class(variant=variant, channel_shared=shared), guided)
    randomize(model, rng)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(predict(loaded, arrays), predict(model, arrays))
    assert [v.path for v in loaded.variables] == [v.path for v in model.variables]


@pytest.mark.parametrize("layer_class", LAYERS)
def test_serialization_of_config_and_clone(rng, layer_class):
    settings = {"scale": 3, "kernel_size": 5, "encoding_size": 2, "variant": "hybrid", "channel_shared": False}
    settings |= {"rank": 2, "groups": 2, "use_bias": False, "use_norm": False, "implementation": "composite"}
    layer = layer_class(**settings, name="resample")
    config = layer.get_config()
    assert {name: config[name] for name in settings} == settings
    assert layer_class.from_config(config).get_config() == config
    assert layer_class(scale=3).get_config()["encoding_size"] == 9

    model, arrays = make_model(layer)
    randomize(model, rng)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    assert clone.get_layer("resample") is not layer
    np.testing.assert_array_equal(predict(clone, arrays), predict(model, arrays))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("layer_class", LAYERS)
def test_precision_of_mixed_policies(rng, layer_class, policy):
    mixed, full = layer_class(dtype=policy), layer_class()
    x = rng.normal(size=(2, 4, 6, 4)).astype("float32")
    mixed.build(x.shape)
    full.build(x.shape)
    mixed.set_weights(full.get_weights())
    outputs = run(mixed, x)
    dtype = policy.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(outputs.dtype) == mixed.kernels.compute_dtype == dtype
    assert_close(outputs, run(full, x), dtype)


@pytest.mark.parametrize("layer_class", LAYERS)
def test_precision_of_the_global_policy(layer_class):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = layer_class()
    finally:
        keras.config.set_dtype_policy("float32")
    outputs = layer(np.zeros((1, 4, 4, 2), "float32"))
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    assert {variable.dtype for variable in layer.weights} == {"float32"}


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("layer_class", LAYERS)
def test_smoke_fit_changes_every_weight(rng, layer_class, policy):
    layer = layer_class(kernel_size=3, dtype=policy)
    model, arrays = make_model(layer)
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
def test_jit_fit_equals_plain_fit(rng, layer_class):
    losses = []
    targets = rng.normal(size=(2, 8, 12, 4) if layer_class is A2UUpSampling2D else (2, 2, 3, 4))
    for jit in (False, True):
        keras.utils.set_random_seed(SEED)
        model, arrays = make_model(layer_class(encoding_size=1, kernel_size=3 if layer_class is A2UUpSampling2D else 1))
        model.compile("sgd", "mse", jit_compile=jit)
        losses.append(model.fit(arrays, targets, batch_size=2, epochs=2, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


@pytest.mark.tensorflow
@pytest.mark.parametrize("layer_class", LAYERS)
def test_jit_graph_equals_eager(rng, layer_class):
    import tensorflow as tf

    x = tf.constant(rng.normal(size=(2, 4, 6, 4)), "float32")
    layer = layer_class(variant="static", encoding_size=1, kernel_size=1)
    expected = layer(x)
    assert_close(tf.function(layer)(x), expected)
    assert_close(tf.function(layer, jit_compile=True)(x), expected)


@pytest.mark.network
@pytest.mark.tensorflow
@pytest.mark.parametrize(("layer_class", "guided"), [(A2UUpSampling2D, True), (A2UDownSampling2D, False)])
def test_serialization_as_saved_model_of_stock_ops(tmp_path, rng, layer_class, guided):
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    model, arrays = make_model(layer_class(), guided)
    randomize(model, rng)
    model.export(tmp_path / "model", verbose=False)
    served = tf.saved_model.load(tmp_path / "model")
    assert_close(served.serve(arrays), predict(model, arrays))

    content = (tmp_path / "model" / "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    custom = {node.op for node in nodes if not hasattr(tf.raw_ops, node.op)}
    assert custom == set()


@pytest.mark.parametrize("layer_class", LAYERS)
def test_exception_of_settings_when_constructed(layer_class):
    for settings, message in (
        ({"implementation": "other"}, "Received: 'other'"),
        ({"kernel_size": 2}, "must be odd.*Received: kernel_size=2"),
        ({"variant": "other"}, "Received: variant='other'"),
        ({"scale": 0}, "Received: scale=0"),
        ({"rank": 0}, "Received: rank=0"),
        ({"encoding_size": 0}, "Received: encoding_size=0"),
    ):
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
