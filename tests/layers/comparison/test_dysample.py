"""DySample against its definition point by point."""

import keras
import numpy as np
import pytest

from a2u_tf.layers.comparison.dysample import DySampleUpSampling2D
from tests.helpers import FLOAT_DTYPES, assert_close, run, to_numpy
from tests.layers.oracle import count, maker, named_weights

STYLES = [("lp", False), ("lp", True), ("pl", False), ("pl", True)]


make_layer = maker(DySampleUpSampling2D)


def dysample(z, weights, scale, style, groups):
    """The definition, point by point; the offsets' channels lie as the layer's weights make them."""
    batch, height, width, channels = z.shape
    cells = scale**2
    outputs = np.zeros((batch, height * scale, width * scale, channels))
    for n, y, x, c in np.ndindex(outputs.shape):
        i, j, cell = y // scale, x // scale, y % scale * scale + x % scale
        group = c // (channels // groups)
        source = z[n, i, j] if style == "lp" else z[n, i, j, cell::cells]
        steps = []
        for component in range(2):
            value = component * groups + group
            if style == "lp":
                value += cell * 2 * groups
            step = 0.25 * (source @ weights["offset/kernel"][:, value] + weights["offset/bias"][value])
            if "scope/kernel" in weights:
                step *= 2 / (1 + np.exp(-source @ weights["scope/kernel"][:, value]))
            steps.append(step)
        px = min(max((x + 0.5) / scale - 0.5 + steps[0], 0), width - 1)
        py = min(max((y + 0.5) / scale - 0.5 + steps[1], 0), height - 1)
        for v in range(height):
            for u in range(width):
                outputs[n, y, x, c] += max(0, 1 - abs(py - v)) * max(0, 1 - abs(px - u)) * z[n, v, u, c]
    return outputs


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize(("style", "dynamic"), STYLES)
def test_feature_equals_the_definition(rng, style, dynamic, scale, dtype):
    channels = 2 * scale**2
    x = rng.normal(size=(2, 2, 3, channels)).astype(dtype)
    layer = make_layer(x.shape, rng, scale=scale, style=style, groups=2, dynamic_scope=dynamic, dtype=dtype)
    expected = dysample(x.astype("float64"), named_weights(layer), scale, style, 2)
    outputs = run(layer, x)
    assert tuple(outputs.shape) == layer.compute_output_shape(x.shape) == (2, 2 * scale, 3 * scale, channels)
    assert_close(outputs, expected, scale=10)  # random offsets of several pixels


def test_cardinality_of_parameters():
    layers = [make_layer((None, None, None, channels)) for channels in (64, 64, 128, 256)]
    assert sum(map(count, layers)) == 16_512
    assert sum(count(layer.offset) - layer.offset.units for layer in layers) == 16_384
    for style, dynamic, expected in (("lp", True, 64 * 64 + 32), ("pl", False, 2 * 64 + 8), ("pl", True, 4 * 64 + 8)):
        assert count(make_layer((None, None, None, 64), style=style, dynamic_scope=dynamic)) == expected


@pytest.mark.parametrize("scale", [2, 3])
@pytest.mark.parametrize(("style", "dynamic"), STYLES)
def test_feature_zero_weights_are_bilinear(rng, style, dynamic, scale):
    x = rng.normal(size=(2, 3, 5, 36)).astype("float32")
    layer = make_layer(x.shape, scale=scale, style=style, dynamic_scope=dynamic)
    layer.set_weights([np.zeros(weight.shape) for weight in layer.weights])
    expected = run(keras.layers.UpSampling2D(scale, interpolation="bilinear"), x)
    assert_close(run(layer, x), expected)


@pytest.mark.parametrize("style", ["lp", "pl"])
def test_feature_starts_alike_with_either_scope(rng, style):
    x = rng.normal(size=(1, 3, 4, 8)).astype("float32")
    static, dynamic = (make_layer(x.shape, style=style, dynamic_scope=scope) for scope in (False, True))
    dynamic.offset.set_weights(static.offset.get_weights())
    assert 0 < np.abs(static.offset.get_weights()[0]).max() < 0.01
    assert_close(run(dynamic, x), run(static, x))


@pytest.mark.parametrize(("shift", "expected"), [(0, [0, 1, 3, 4]), (0.25, [0, 2, 4, 4]), (-9, [0, 0, 0, 0])])
def test_by_hand_columns(shift, expected):
    x = np.array([0, 4], "float32").reshape(1, 1, 2, 1)
    layer = make_layer(x.shape, groups=1)
    bias = np.tile([4 * shift, 0], 4)  # every sub-position: column, row
    layer.set_weights([np.zeros((1, 8)), bias])
    np.testing.assert_allclose(to_numpy(run(layer, x))[0, :, :, 0], [expected] * 2, atol=1e-6)


def test_by_hand_groups_go_their_own_ways():
    x = np.array([0, 0, 4, 4], "float32").reshape(1, 2, 1, 2)
    layer = make_layer(x.shape, groups=2)
    layer.set_weights([np.zeros((2, 16)), np.tile([0, 0, 0, 1.0], 4)])  # columns of both groups, rows of both
    outputs = to_numpy(run(layer, x))[0, :, 0]
    np.testing.assert_allclose(outputs.T, [[0, 1, 3, 4], [0, 2, 4, 4]], atol=1e-6)


@pytest.mark.parametrize(("style", "dynamic"), STYLES)
def test_feature_stays_between_the_extremes(rng, style, dynamic):
    x = rng.normal(size=(2, 4, 5, 8)).astype("float32")
    x[..., 0] = 0.7
    layer = make_layer(x.shape, rng, style=style, dynamic_scope=dynamic)
    outputs = to_numpy(run(layer, x))
    np.testing.assert_allclose(outputs[..., 0], 0.7, atol=1e-6)
    bounds = x.min(axis=(1, 2), keepdims=True) - 1e-6, x.max(axis=(1, 2), keepdims=True) + 1e-6
    assert (bounds[0] <= outputs).all()
    assert (outputs <= bounds[1]).all()


def test_feature_of_inputs_that_are_not_numbers():
    x = np.full((1, 2, 2, 4), np.nan, "float32")
    assert np.isnan(to_numpy(run(make_layer(x.shape, groups=1), x))).all()


def test_exception_of_channels():
    with pytest.raises(ValueError, match=r"multiple of `groups`=4.*Received: inputs.shape=\(1, 2, 2, 6\)"):
        DySampleUpSampling2D()(np.zeros((1, 2, 2, 6), "float32"))
    with pytest.raises(ValueError, match=r"multiple of `scale\*\*2`=9 \(style='pl'\).*style=\"lp\""):
        DySampleUpSampling2D(scale=3, style="pl").compute_output_shape((1, 2, 2, 12))
    with pytest.raises(ValueError, match="rank 4"):
        DySampleUpSampling2D()(np.zeros((2, 2, 4), "float32"))
