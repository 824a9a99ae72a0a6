"""The kernel generator: its size, its values against NumPy, its gradients, its precision, what it refuses."""

import keras
import numpy as np
import pytest
from keras import ops

from a2u_tf.layers import A2UKernels
from tests.helpers import assert_close, gradients, numeric_gradient, run, to_numpy
from tests.layers.oracle import (
    EXACT,
    FLOAT64_TOLERANCE,
    VARIANTS,
    a2u_kernels,
    count,
    make_kernels,
    named_weights,
    with_weights,
)

BOTH = ("up", "down")


@pytest.mark.parametrize(("s", "groups", "channels"), [(3, 1, 64), (5, 2, 32), (1, 1, 7)])
@pytest.mark.parametrize("shared", [True, False])
def test_cardinality_of_parameters_is_the_released_one(s, groups, channels, shared):
    layer = make_kernels((1, 8, 8, channels), kernel_size=s, groups=groups, channel_shared=shared, directions=BOTH)
    encoders = 2 * (channels + 1) if shared else 2 * channels * (channels + 1)
    assert count(layer) == 4 * channels + 8 * s**2 * groups * (channels + 1) + encoders


@pytest.mark.parametrize(
    ("size", "settings"),
    [
        ((4, 6), {"directions": BOTH}),
        ((5, 7), {"directions": BOTH, "groups": 2}),
        ((1, 1), {"directions": BOTH}),
        ((3, 2), {"directions": ("down",), "encoding_size": 5}),
        ((4, 5), {"directions": BOTH, "scale": 1}),
        ((7, 8), {"directions": BOTH, "scale": 3, "variant": "hybrid"}),
        ((3, 4), {"encoding_stride": 1, "kernel_size": 5}),
        ((3, 4), {"encoding_stride": 1, "scale": 3, "rank": 2, "variant": "static"}),
        ((5, 4), {"directions": "down", "rank": 2, "groups": 3, "kernel_size": 1}),
    ],
)
def test_cardinality_of_outputs(rng, size, settings):
    layer = make_kernels((None, None, None, 4), **settings)
    outputs = run(layer, rng.normal(size=(2, *size, 4)).astype("float32"))
    s, scale, groups = layer.kernel_size, layer.scale, layer.groups
    ratio = scale // layer.encoding_stride
    expected = {
        "up": (2, size[0] * ratio, size[1] * ratio, groups * s**2),
        "down": (2, -(-size[0] // scale), -(-size[1] // scale), groups * (scale * s) ** 2),
    }
    assert {name: tuple(x.shape) for name, x in outputs.items()} == {name: expected[name] for name in layer.directions}
    assert layer.compute_output_shape((2, *size, 4)) == {name: expected[name] for name in layer.directions}
    for name, x in outputs.items():
        taps = ops.reshape(x, (*x.shape[:3], groups, -1))
        if name == "down" or s > 1:
            np.testing.assert_allclose(to_numpy(ops.sum(taps, -1)), 1, atol=1e-5)


def test_cardinality_of_unknown_sizes():
    symbolic = A2UKernels(directions=BOTH, groups=2)(keras.Input((None, None, 4)))
    assert symbolic["up"].shape == (None, None, None, 18)
    assert symbolic["down"].shape == (None, None, None, 72)
    layer = A2UKernels(encoding_stride=1)
    assert layer.compute_output_shape((None, None, 5, 4)) == {"up": (None, None, 10, 9)}


ORACLE_SETTINGS = [
    {"directions": BOTH},
    {"directions": BOTH, "rank": 2, "encoding_size": 3},
    {"directions": BOTH, "groups": 2, "kernel_size": 5, "use_norm": False, "encoding_size": 4},
    {"directions": BOTH, "use_bias": False, "kernel_size": 1, "scale": 3},
    {"directions": ("up",), "encoding_stride": 1, "rank": 2, "groups": 2, "encoding_size": 5},
    {"directions": ("down",), "scale": 1, "use_bias": False, "use_norm": False, "encoding_size": 2},
    {"directions": BOTH, "normalization": "softmax", "encoding_size": 3},
    {"directions": ("up",), "normalization": "sigmoid", "groups": 2, "encoding_size": 3},
]


@pytest.mark.parametrize("settings", ORACLE_SETTINGS, ids=lambda x: "-".join(f"{k}={v}" for k, v in x.items()))
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_feature_equals_numpy(rng, variant, shared, settings):
    layer = make_kernels(
        (None, None, None, 6), rng, variant=variant, channel_shared=shared, dtype="float64", **settings
    )
    x = rng.normal(size=(2, 5, 6, 6)) / 2
    expected = a2u_kernels(
        x,
        named_weights(layer),
        **{"encoding_size": 3 * layer.scale, **settings},
        variant=variant,
        stride=layer.encoding_stride,
    )
    outputs = run(layer, x)
    assert set(outputs) == set(expected)
    for name, kernels in expected.items():
        np.testing.assert_allclose(to_numpy(outputs[name]), kernels, rtol=0, atol=FLOAT64_TOLERANCE)


@pytest.mark.parametrize("channels", [1, 7, 34, 48])
def test_feature_any_channels_equal_numpy(rng, channels):
    layer = make_kernels((None, None, None, channels), rng, directions=BOTH, dtype="float64", encoding_size=2)
    x = rng.normal(size=(1, 3, 3, channels)) / 4
    outputs = run(layer, x)
    for name, kernels in a2u_kernels(x, named_weights(layer), variant="dynamic", encoding_size=2).items():
        np.testing.assert_allclose(to_numpy(outputs[name]), kernels, rtol=0, atol=FLOAT64_TOLERANCE)


@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_cardinality_of_empty_batch(variant, shared):
    layer = make_kernels((None, None, None, 4), variant=variant, channel_shared=shared, directions=BOTH)
    outputs = run(layer, np.zeros((0, 4, 5, 4), "float32"))
    assert tuple(outputs["up"].shape) == (0, 4, 5, 9)
    assert tuple(outputs["down"].shape) == (0, 2, 3, 36)


@pytest.mark.parametrize("variant", ["static", "dynamic"])
def test_feature_functional_model_of_unknown_sizes(rng, variant):
    layer = A2UKernels(directions=BOTH, variant=variant, encoding_size=3, dtype="float64")
    inputs = keras.Input((None, None, 4), dtype="float64")
    model = keras.Model(inputs, layer(inputs))
    for size in ((4, 5), (7, 6)):
        x = rng.normal(size=(2, *size, 4))
        outputs = model.predict_on_batch(x)
        for name, kernels in a2u_kernels(x, named_weights(layer), variant=variant, encoding_size=3).items():
            np.testing.assert_allclose(outputs[name], kernels, rtol=0, atol=FLOAT64_TOLERANCE)


@pytest.mark.parametrize(
    ("variant", "shared", "settings"),
    [
        *((variant, shared, {}) for variant, shared in VARIANTS),
        ("static", True, {"directions": BOTH, "use_norm": False}),
        ("dynamic", False, {"rank": 2, "encoding_stride": 1}),
    ],
)
def test_gradcheck_is_numeric(rng, variant, shared, settings):
    settings = {"variant": variant, "channel_shared": shared, "encoding_size": 2, "kernel_size": 1, **settings}
    layer = make_kernels((1, 4, 3, 2), rng, dtype="float64", **settings)
    stride = layer.encoding_stride
    x = rng.normal(size=(1, 4, 3, 2)) / 2
    weights = named_weights(layer)
    arrays = [x, *weights.values()]
    cotangent = rng.normal(size=to_numpy(run(with_weights(layer), *arrays)).shape)

    def function(x, *values):
        kernels = a2u_kernels(x, dict(zip(weights, values, strict=True)), stride=stride, **settings)
        return np.concatenate([kernels[name].ravel() for name in sorted(kernels)])

    actual = gradients(with_weights(layer), *arrays, cotangent=cotangent)
    expected = numeric_gradient(function, *arrays, cotangent=cotangent, step=1e-5)
    tolerance = 1e-7 if EXACT else 1e-4
    for name, a, b in zip(["inputs", *weights], actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(1, np.abs(b).max()), err_msg=name)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("variant", "shared"), [("static", True), ("hybrid", False), ("dynamic", False)])
def test_jit_equals_eager(rng, variant, shared):
    import tensorflow as tf

    settings = {"directions": BOTH, "kernel_size": 1, "encoding_size": 2}
    layer = make_kernels((None, None, None, 4), rng, variant=variant, channel_shared=shared, **settings)
    x = tf.constant(rng.normal(size=(2, 5, 4, 4)), "float32")
    expected, outputs = layer(x), tf.function(layer, jit_compile=True)(x)
    for name in BOTH:
        np.testing.assert_allclose(outputs[name], expected[name], atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_precision_of_mixed_policies(rng, variant, shared, policy):
    settings = {"variant": variant, "channel_shared": shared, "directions": BOTH}
    mixed, full = (make_kernels((2, 6, 5, 8), dtype=dtype, **settings) for dtype in (policy, "float32"))
    mixed.set_weights(full.get_weights())
    x = rng.normal(size=(2, 6, 5, 8)).astype("float32")
    outputs, expected = run(mixed, x), run(full, x)
    for name in BOTH:
        dtype = keras.backend.standardize_dtype(outputs[name].dtype)
        assert dtype == policy.removeprefix("mixed_")
        assert_close(outputs[name], expected[name], dtype)
    assert all(variable.dtype == "float32" for variable in mixed.weights)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_precision_of_large_inputs(rng, variant, shared, policy):
    layer = make_kernels((2, 6, 5, 8), variant=variant, channel_shared=shared, directions=BOTH, dtype=policy)
    for name, x in run(layer, 100 * rng.normal(size=(2, 6, 5, 8)).astype("float32")).items():
        assert np.isfinite(to_numpy(x)).all(), name


@pytest.mark.parametrize("variant", ["static", "hybrid", "dynamic"])
def test_precision_of_averages_over_large_maps(rng, variant):
    shape = (1, 300, 300, 1)
    settings = {"variant": variant, "kernel_size": 1, "encoding_size": 2, "directions": BOTH}
    mixed, full = (make_kernels(shape, dtype=dtype, **settings) for dtype in ("mixed_float16", "float32"))
    mixed.set_weights(full.get_weights())
    x = rng.uniform(0, 8, size=shape).astype("float32")
    outputs, expected = run(mixed, x), run(full, x)
    for name in BOTH:
        np.testing.assert_allclose(to_numpy(outputs[name]), to_numpy(expected[name]), atol=5e-2)


@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_serialization_of_config(rng, variant, shared):
    settings = {"variant": variant, "channel_shared": shared, "rank": 2, "groups": 2, "directions": BOTH, "scale": 3}
    layer = make_kernels((2, 4, 5, 4), rng, **settings, use_bias=False, use_norm=False, name="generator")
    config = keras.saving.serialize_keras_object(layer)
    copy = keras.saving.deserialize_keras_object(config)
    assert copy.get_config() == layer.get_config()
    copy.set_weights(layer.get_weights())
    x = rng.normal(size=(2, 4, 5, 4)).astype("float32")
    for name in BOTH:
        assert_close(run(copy, x)[name], run(layer, x)[name])


@pytest.mark.parametrize("initializer", ["zeros", keras.initializers.Constant(0.0)], ids=["name", "object"])
@pytest.mark.parametrize(("variant", "shared"), VARIANTS)
def test_projections_that_start_at_zero_make_plain_averages_and_learn(rng, variant, shared, initializer):
    settings = {"variant": variant, "channel_shared": shared, "rank": 2, "encoding_size": 3}
    layer = A2UKernels(**settings, directions=BOTH, projection_initializer=initializer)
    layer = A2UKernels.from_config(layer.get_config())
    layer.build((None, None, None, 4))
    x, weights = rng.normal(size=(1, 6, 6, 4)), named_weights(layer)
    kernels = to_numpy(run(with_weights(layer), x, *weights.values()))
    assert_close(kernels, np.repeat([1 / 36, 1 / 9], 9 * 36), scale=10)
    gradient = gradients(with_weights(layer), x, *weights.values(), cotangent=rng.normal(size=kernels.shape))[1:]
    slopes = {name: np.abs(to_numpy(x)).max() for name, x in zip(weights, gradient, strict=True)}
    assert min(slope for name, slope in slopes.items() if name.startswith("projection")) > 1e-4


@pytest.mark.parametrize(
    ("settings", "expected", "received"),
    [
        ({"kernel_size": 4}, "odd", "kernel_size=4"),
        ({"kernel_size": 3.0}, "integer of at least 1", "kernel_size=3.0"),
        ({"scale": 0}, "integer of at least 1", "scale=0"),
        ({"groups": True}, "integer of at least 1", "groups=True"),
        ({"encoding_size": 0}, "integer of at least 1", "encoding_size=0"),
        ({"encoding_size": "6"}, "integer of at least 1", "encoding_size='6'"),
        ({"rank": -1}, "integer of at least 1", "rank=-1"),
        ({"variant": "other"}, "'hybrid'", "variant='other'"),
        ({"directions": ()}, '"down"', r"directions=\(\)"),
        ({"directions": ("up", "up")}, '"down"', r"directions=\('up', 'up'\)"),
        ({"directions": ("left",)}, '"down"', r"directions=\('left',\)"),
        ({"normalization": "none"}, "'sigmoid'", "normalization='none'"),
        ({"normalization": "softmax", "kernel_size": 1}, "1 everywhere.*more taps", "kernel_size=1"),
        ({"normalization": "sigmoid", "directions": ("down",)}, "Leave it out", "normalization='sigmoid'"),
        ({"projection_initializer": "other"}, "initializer", "other"),
        ({"encoding_stride": 3}, "must be the scale, or 1", "encoding_stride=3, scale=2"),
        ({"encoding_stride": 1, "directions": ("up", "down")}, "must be the scale", "encoding_stride=1"),
    ],
)
def test_exception_of_settings(settings, expected, received):
    with pytest.raises(ValueError, match=expected) as caught:
        A2UKernels(**settings)
    assert caught.match(received)


@pytest.mark.parametrize("shape", [(2, 4, 4), (2, 4, 4, None), (1, 2, 3, 4, 5)])
def test_exception_of_guidance_shape(shape):
    with pytest.raises(ValueError, match=r"rank 4.*channel count is known.*Received: shape="):
        A2UKernels().build(shape)
