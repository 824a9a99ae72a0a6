"""The kernels that are shown are those that the layers use."""

import functools

import keras
import numpy as np
import pytest

from a2u_tf.layers import A2UDownSampling2D, A2UKernels, A2UUpSampling2D, Reassembly2D
from a2u_tf.matting import MattingModel
from a2u_tf.visualization import kernel_maps, untrained
from tests.helpers import to_numpy


def upsampled(features, level):
    count, height, width, groups, size, _ = level.weights.shape
    channels = features.shape[-1]
    outputs = np.zeros((count, height, width, channels))
    for n, y, x, i, j, c in np.ndindex(count, height, width, size, size, channels):
        row, column = y // level.scale + i - size // 2, x // level.scale + j - size // 2
        if 0 <= row < features.shape[1] and 0 <= column < features.shape[2]:
            weight = level.weights[n, y, x, c * groups // channels, i, j]
            outputs[n, y, x, c] += weight * features[n, row, column, c]
    return outputs


def shared_kernels(image):
    """As in the networks of the paper: one generator for both directions, also where the size is odd."""
    features = keras.layers.Conv2D(4, 3, padding="same")(image)
    kernels = A2UKernels(directions=("up", "down"), groups=2, variant="hybrid", name="kernels")(features)
    low = Reassembly2D("down", 6, groups=2)(features, kernels["down"])
    return low, Reassembly2D("up", 3, groups=2)(low, kernels["up"])


def guided(image, by_name):
    features = keras.layers.Conv2D(4, 3, padding="same")(image)
    low = keras.layers.AveragePooling2D(2, padding="same")(keras.layers.Conv2D(2, 1)(features))
    arguments = {"inputs": low, "guidance": features}
    named = {name: arguments.pop(name) for name in by_name}
    return low, A2UUpSampling2D(variant="static", name="kernels")(*arguments.values(), **named)


def unguided(image):
    features = keras.layers.Conv2D(4, 3, padding="same")(image)
    return features, A2UUpSampling2D(scale=3, kernel_size=5, groups=2, name="kernels")(features)


GUIDED = {"by names": ("guidance", "inputs"), "by position": (), "by a name": ("guidance",)}
MAKERS = {name: functools.partial(guided, by_name=names) for name, names in GUIDED.items()}


@pytest.mark.parametrize("make", [shared_kernels, unguided, *MAKERS.values()], ids=["shared", "unguided", *MAKERS])
def test_feature_kernels_are_those_that_the_model_upsamples_with(make, rng):
    image = keras.Input((5, 6, 1))
    low, outputs = make(image)
    both = keras.Model(image, [low, outputs])
    pictures = rng.uniform(size=(2, 5, 6, 1)).astype("float32")
    (level,) = kernel_maps(both, pictures)
    assert level.name == "kernels"
    features, expected = (to_numpy(x) for x in both(pictures))
    np.testing.assert_allclose(upsampled(features, level), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(level.weights.sum(axis=(-2, -1)), 1, rtol=1e-5)
    assert level.weights.std() > 0


def test_feature_finest_level_first(rng):
    layers = [A2UUpSampling2D(name="coarse"), keras.layers.Conv2D(3, 1), A2UUpSampling2D(3, kernel_size=1, name="fine")]
    model = keras.Sequential([keras.Input((4, 5, 2)), *layers])
    levels = kernel_maps(model, rng.uniform(size=(1, 4, 5, 2)))
    assert [level.name for level in levels] == ["fine", "coarse"]
    assert [level.weights.shape for level in levels] == [(1, 24, 30, 1, 1, 1), (1, 8, 10, 1, 3, 3)]
    assert [level.scale for level in levels] == [3, 2]


def test_feature_deviation(rng):
    image = keras.Input((4, 4, 3))
    (level,) = kernel_maps(keras.Model(image, A2UUpSampling2D(groups=3)(image)), rng.uniform(size=(1, 4, 4, 3)))
    expected = np.mean([np.std(level.weights[0, 5, 2, group]) for group in range(3)])
    assert level.deviation().shape == (1, 8, 8)
    assert level.deviation()[0, 5, 2] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("layer", [keras.layers.UpSampling2D, A2UDownSampling2D, lambda: A2UKernels(directions="down")])
def test_exception_no_upsampling_kernels(layer):
    image = keras.Input((4, 4, 2))
    with pytest.raises(ValueError, match=r"no upsampling kernels.*Received: .*2D|A2UKernels"):
        kernel_maps(keras.Model(image, layer()(image)), np.zeros((1, 4, 4, 2)))
    with pytest.raises(ValueError, match=r"expected built layers.*Received: sequential.*A2UUpSampling2D"):
        kernel_maps(keras.Sequential([A2UUpSampling2D()], name="sequential"), np.zeros((1, 4, 4, 2)))


def test_feature_models_in_models(rng):
    network_input = keras.Input((None, None, 4))
    low = keras.layers.Conv2D(1, 1, strides=2)(network_input)
    matting = MattingModel(keras.Model(network_input, A2UUpSampling2D(name="up")(low)))
    image = rng.integers(0, 256, size=(1, 20, 33, 3), dtype="uint8")
    (level,) = kernel_maps(matting, {"image": image, "trimap": np.full((1, 20, 33, 1), 128, "uint8")})
    assert (level.name, level.weights.shape) == ("up", (1, 32, 48, 1, 3, 3))


def test_feature_layer_that_is_called_twice(rng):
    layer = A2UUpSampling2D(name="up")
    model = keras.Sequential([keras.Input((3, 4, 2)), keras.layers.Conv2D(2, 1)])
    model = keras.Model(model.inputs[0], layer(layer(model.outputs[0])))
    pictures = rng.uniform(size=(1, 3, 4, 2))
    levels = kernel_maps(model, pictures)
    assert [(level.name, level.weights.shape[1:3]) for level in levels] == [("up (2)", (12, 16)), ("up", (6, 8))]
    again = kernel_maps(model, pictures)
    np.testing.assert_array_equal(again[0].weights, levels[0].weights)


def test_feature_model_stays_as_it_was(rng):
    image = keras.Input((4, 4, 2))
    model = keras.Model(image, A2UUpSampling2D()(image))
    kernel_maps(model, rng.uniform(size=(1, 4, 4, 2)))
    generator = model.layers[-1].kernels
    assert generator.call.__func__ is A2UKernels.call
    with pytest.raises(ValueError):  # noqa: PT011  (Keras says it, in words of its own)
        kernel_maps(model, np.zeros((1, 4, 4, 5)))
    assert generator.call.__func__ is A2UKernels.call


def test_feature_untrained_copy():
    image = keras.Input((4, 4, 2))
    model = keras.Model(image, A2UUpSampling2D(variant="hybrid")(image))
    before = [to_numpy(weight) for weight in model.weights]
    copies = [[to_numpy(weight) for weight in untrained(model, seed).weights] for seed in (5, 5, 6)]
    for weight, same in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(weight, to_numpy(same))
    for first, second in zip(copies[0], copies[1], strict=True):
        np.testing.assert_array_equal(first, second)
    for other in (copies[2], before):
        assert any((a != b).any() for a, b in zip(copies[0], other, strict=True))
