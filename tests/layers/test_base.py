"""Sublayers follow the layer: its dtype policy, also one of a map, and what was done to them before it was saved."""

import importlib
import sys

import keras
import numpy as np
import pytest

from a2u_tf.layers import UPSAMPLERS, A2UKernels, A2UUpSampling2D, make_upsampler
from tests.helpers import run, to_numpy
from tests.layers.oracle import arrays, model_of, predict

QUANTISED = ("dysample", "fade", "fade_lite", "sapa_b", "sapa_g", "a2u")  # those with Dense inside


def reloaded(model, folder):
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras")


def assert_survives(model, name, folder, rng):
    inputs, loaded = arrays(rng, name), reloaded(model, folder)
    np.testing.assert_array_equal(predict(loaded, inputs), predict(model, inputs))
    assert len(loaded.trainable_variables) == len(model.trainable_variables)
    assert {v.path: v.dtype for v in loaded.variables} == {v.path: v.dtype for v in model.variables}


def dtype_of(tensor):
    return keras.backend.standardize_dtype(tensor.dtype)


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
@pytest.mark.parametrize("name", QUANTISED)
def test_quantised_models_are_saved(rng, name, mode, tmp_path):
    model = model_of(name)
    before = predict(model, arrays(rng, name))
    model.quantize(mode)
    assert any(layer.quantization_mode for layer in model._flatten_layers())
    assert not np.array_equal(predict(model, arrays(rng, name)), before)
    assert_survives(model, name, tmp_path, rng)
    assert len(keras.models.clone_model(model).variables) == len(model.variables)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", QUANTISED)
def test_lora_survives(rng, name, tmp_path):
    model = model_of(name)
    adapted = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Dense)]
    for layer in adapted:
        layer.enable_lora(2)
        layer.lora_kernel_b.assign(rng.normal(size=layer.lora_kernel_b.shape))
    assert adapted
    assert_survives(model, name, tmp_path, rng)


def test_only_what_was_changed_is_saved_beside_the_layer():
    layer = A2UUpSampling2D(name="up")
    layer.build((1, 4, 4, 8))
    assert "sublayers" not in layer.get_config()
    layer.kernels.encoder_u.trainable = False
    (kernels,) = layer.get_config()["sublayers"].values()
    assert [*kernels["sublayers"]] == ["encoder_u"]
    layer.trainable = False
    assert "sublayers" not in layer.get_config()


@pytest.mark.tensorflow
def test_a_frozen_sublayer_stays_frozen(rng, tmp_path):
    model = model_of("a2u")
    model.get_layer("up").kernels.encoder_u.trainable = False
    assert_survives(model, "a2u", tmp_path, rng)


def policies(**entries):
    policies = keras.dtype_policies.DTypePolicyMap(default_policy="float32")
    for path, policy in entries.items():
        policies[path.replace("__", "/")] = policy
    return policies


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", sorted(set(UPSAMPLERS) - {"nearest", "bilinear"}))
def test_map_of_policies(rng, name, tmp_path):
    model = model_of(name, dtype=policies(up="mixed_bfloat16"))
    inputs = arrays(rng, name)
    assert dtype_of(model.output) == dtype_of(model(inputs)) == "bfloat16"
    assert dtype_of(reloaded(model, tmp_path)(inputs)) == "bfloat16"
    layer = make_upsampler(name, name="up", dtype=policies(up="mixed_bfloat16"))  # as yet without a path
    assert dtype_of(layer(*inputs)) == "bfloat16"


def test_map_of_policies_for_a_sublayer():
    entries = {"up": "mixed_bfloat16", "up__kernels": "float64", "up__kernels__norm_u": "bfloat16"}
    layer = A2UUpSampling2D(name="up", dtype=policies(**entries))
    outputs = layer(np.ones((1, 4, 4, 8), "float32"))
    assert dtype_of(outputs) == "bfloat16"
    kernels = layer.kernels
    assert [x.compute_dtype for x in (kernels, kernels.norm_u, kernels.norm_v)] == ["float64", "bfloat16", "float64"]


@pytest.mark.parametrize("name", UPSAMPLERS)
def test_float64(rng, name):
    layer = make_upsampler(name, dtype="float64")
    inputs = arrays(rng, name, dtype="float64")
    outputs = run(layer, *inputs)
    assert {dtype_of(outputs), *(dtype_of(v) for v in layer.weights)} == {"float64"}
    values = to_numpy(outputs)
    # TensorFlow's own bilinear resizing is in float32.
    assert np.any(values != values.astype("float32")) or (name, keras.backend.backend()) == ("bilinear", "tensorflow")


@pytest.mark.parametrize("variant", ["static", "hybrid", "dynamic"])
def test_float64_of_kernels(rng, variant):
    layer = A2UKernels(variant=variant, directions=("up", "down"), use_bias=False, dtype="float64")
    kernels = run(layer, rng.normal(size=(1, 4, 4, 8)))
    assert {dtype_of(x) for x in kernels.values()} == {"float64"}


@pytest.mark.tensorflow
def test_module_reload():
    module = sys.modules["a2u_tf.layers.a2u_sampling2d"]
    before = A2UUpSampling2D()
    try:
        after = importlib.reload(module).A2UUpSampling2D()
        for layer in (before, after):
            assert tuple(layer(np.ones((1, 4, 4, 8), "float32")).shape) == (1, 8, 8, 8)
    finally:
        module.A2UUpSampling2D = keras.saving.register_keras_serializable("a2u_tf")(A2UUpSampling2D)
