"""Reassembly as a layer: kernels that one generator makes for encoder and decoder."""

import keras
import numpy as np
import pytest

from a2u_tf.layers import A2UKernels, Reassembly2D
from a2u_tf.ops import reassemble_down, reassemble_up
from tests.helpers import SEED, assert_close, run
from tests.layers.oracle import VARIANTS, predict, randomize


def make_model(size=(None, None), kernel_size=3, **settings):
    """Down and up again with kernels from the input."""
    inputs = keras.Input((*size, 4))
    kernels = A2UKernels(directions=("up", "down"), encoding_size=2, kernel_size=kernel_size, **settings)(inputs)
    low = Reassembly2D("down", kernel_size=2 * kernel_size)(inputs, kernels["down"])
    return keras.Model(inputs, Reassembly2D("up", kernel_size=kernel_size)(low, kernels["up"]))


@pytest.mark.parametrize(("direction", "function"), [("up", reassemble_up), ("down", reassemble_down)])
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_feature_equals_the_function(rng, direction, function, scale):
    grid, size = (2, 3), (2 * scale, 3 * scale - (scale > 1))
    source, target = (grid, size) if direction == "up" else (size, grid)
    features = rng.normal(size=(2, *source, 4)).astype("float32")
    kernels = rng.normal(size=(2, *target, 18)).astype("float32")
    layer = Reassembly2D(direction, 3, scale=scale, groups=2)
    outputs = layer(features, kernels)
    assert tuple(outputs.shape) == layer.compute_output_shape(features.shape, kernels.shape) == (2, *target, 4)
    assert_close(outputs, function(features, kernels, 3, scale=scale, groups=2))


def test_cardinality_of_unknown_sizes():
    layer = Reassembly2D("up", 3)
    outputs = layer(keras.Input((None, None, 4)), keras.Input((None, 7, 9)))
    assert outputs.shape == (None, None, 7, 4)
    assert layer.count_params() == 0


@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_serialization_of_keras_files(tmp_path, rng, variant, shared):
    model = make_model(variant=variant, channel_shared=shared)
    randomize(model, rng)
    x = rng.normal(size=(2, 5, 4, 4)).astype("float32")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(predict(loaded, x), predict(model, x))


def test_serialization_of_config():
    layer = Reassembly2D("down", 4, scale=3, groups=2, implementation="composite", name="low", dtype="bfloat16")
    copy = Reassembly2D.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.direction, copy.kernel_size, copy.scale, copy.groups) == ("down", 4, 3, 2)
    assert copy.compute_dtype == "bfloat16"


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_precision_of_mixed_policies(rng, policy):
    features, kernels = rng.normal(size=(1, 3, 4, 2)), rng.uniform(size=(1, 6, 7, 9))
    arrays = [x.astype("float32") for x in (features, kernels / kernels.sum(-1, keepdims=True))]
    outputs = run(Reassembly2D("up", 3, dtype=policy), *arrays)
    dtype = policy.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype
    assert_close(outputs, reassemble_up(*arrays, 3), dtype)


@pytest.mark.tensorflow
def test_jit_fit_equals_plain_fit(rng):
    x = rng.normal(size=(2, 4, 5, 4)).astype("float32")
    losses = []
    for jit in (False, True):
        keras.utils.set_random_seed(SEED)
        model = make_model(size=(4, 5), kernel_size=1, variant="static")
        model.compile(keras.optimizers.SGD(1.0), "mse", jit_compile=jit)
        losses.append(model.fit(x, x, epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    assert losses[0][1] < losses[0][0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"direction": "left", "kernel_size": 3}, '"up" or "down".*Received: direction=\'left\''),
        ({"direction": "up", "kernel_size": 4}, "must be odd.*Received: kernel_size=4.*Use 3 or 5"),
        ({"direction": "down", "kernel_size": 0}, "Received: kernel_size=0"),
        ({"direction": "up", "kernel_size": 3, "scale": 2.0}, "Received: scale=2.0"),
        ({"direction": "up", "kernel_size": 3, "groups": 0}, "Received: groups=0"),
        ({"direction": "up", "kernel_size": 3, "implementation": "other"}, "Received: 'other'"),
    ],
)
def test_exception_of_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        Reassembly2D(**settings)


def test_exception_of_shapes_in_functional_models():
    with pytest.raises(ValueError, match=r"divided by (the scale |up=)2"):
        Reassembly2D("up", 3)(keras.Input((2, 2, 4)), keras.Input((6, 4, 9)))
