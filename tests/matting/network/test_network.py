"""The matting network: parameters, sizes, variants, saving."""

import warnings

import keras
import numpy as np
import pytest

from a2u_tf.layers import UPSAMPLERS
from a2u_tf.matting import matting_net
from tests.helpers import TOLERANCES, dtype_policy, gradient_tensors, to_numpy, working_dtype

pytestmark = pytest.mark.network
BASE = 8_049_003
SMALL = 0.125


def trainable(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


# At full width a network takes seconds to make; the counts of each method alone are in tests/complexity.
ADDED = {
    **{"nearest": 0, "max_unpool": 0, "transposed_conv": 811_520, "pixel_shuffle": 3_246_080, "carafe": 263_824},
    **{"fade": 124_008, "fade_lite": 27_216, "sapa_i": 0, "sapa_b": 35_072, "sapa_g": 35_588, "dysample": 16_512},
    "indexnet_m2o": 12_263_424,
}


@pytest.mark.parametrize(
    ("settings", "added"),
    [
        ({"upsampling": "bilinear", "downsampling": "max_pool"}, 0),
        ({"channel_shared": True}, 40_232),
        ({"channel_shared": False}, 220_448),
        ({"upsampling": "bilinear", "downsampling": "conv"}, 2 * (9 * 64 * 64 + 2 * 64)),
        pytest.param({"upsampling": "indexnet_m2o", "downsampling": None}, 12_263_424, marks=pytest.mark.slow),
        *(
            pytest.param({"upsampling": name, "downsampling": "max_pool"}, added, marks=pytest.mark.slow)
            for name, added in ADDED.items()
        ),
    ],
)
def test_parameters(settings, added):
    assert trainable(matting_net(**settings)) == BASE + added


def test_mattes_start_on_the_side_that_learns():
    """A last filter with a negative sum makes alpha behind the small slope of the LeakyReLU."""
    kernel = to_numpy(matting_net("bilinear", width=SMALL).get_layer("alpha_conv").kernel)
    np.testing.assert_allclose(kernel, np.full((3, 3, 1, 1), 1 / 9), rtol=1e-6)


VARIANTS = [{"variant": name, "channel_shared": cs} for name in ("static", "hybrid", "dynamic") for cs in (True, False)]
MIXES = [{"upsampling": up, "downsampling": down} for up in ("bilinear", "a2u") for down in ("conv", "max_pool", "a2u")]


@pytest.mark.parametrize("settings", [*VARIANTS, *MIXES], ids=lambda settings: "-".join(map(str, settings.values())))
def test_variants_and_mixed_methods(rng, settings):
    model = matting_net(**settings, width=SMALL)
    alpha = to_numpy(model(rng.normal(size=(2, 32, 48, 4)).astype("float32")))
    assert alpha.shape == (2, 32, 48, 1)
    assert alpha.std() > 0
    kernels = [layer for layer in model.layers if layer.name.startswith("kernels_")]
    assert len(kernels) == (4 if "a2u" in settings.values() or "variant" in settings else 0)


@pytest.mark.parametrize(
    "upsampling",
    [name if name in ("a2u", "bilinear") else pytest.param(name, marks=pytest.mark.slow) for name in UPSAMPLERS],
)
def test_gradients_reach_every_weight(rng, upsampling):
    """In float64, where rounding is no gradient, and on maps on which every weight has one.

    Of 32 x 32 pixels the last A2U stage sees 4 x 4, all of them through every window of its encoding: a bias of the
    filters then adds one number to all encodings of a channel, which the norm behind it takes away again.
    """
    with dtype_policy("float64"):
        model = matting_net(upsampling, None, width=SMALL)
    x, cotangent = rng.normal(size=(2, 64, 64, 4)), rng.normal(size=(2, 64, 64, 1))
    fixed = [to_numpy(variable) for variable in model.non_trainable_variables]

    def function(*weights):
        return model.stateless_call(list(weights), fixed, x, training=True)[0]

    weights = [to_numpy(variable) for variable in model.trainable_variables]
    received = gradient_tensors(function, *weights, cotangent=cotangent)
    noise = 1e-10 if working_dtype("float64") == "float64" else 0
    for variable, gradient in zip(model.trainable_variables, received, strict=True):
        assert gradient is not None, variable.path
        assert np.abs(to_numpy(gradient)).max() > noise, variable.path


def test_weights_by_path(rng, tmp_path):
    model = matting_net(width=SMALL)
    model.save_weights(tmp_path / "net.weights.h5")
    x = rng.normal(size=(1, 16, 16, 4)).astype("float32")
    again = matting_net(width=SMALL, weights=tmp_path / "net.weights.h5")
    np.testing.assert_array_equal(to_numpy(again(x)), to_numpy(model(x)))
    with pytest.raises(ValueError, match="Received"):
        matting_net(width=2 * SMALL, weights=tmp_path / "net.weights.h5")
    with pytest.raises(FileNotFoundError, match=r"no\.weights\.h5"):
        matting_net(width=SMALL, weights=tmp_path / "no.weights.h5")
    with pytest.raises(ValueError, match=r"must be one of \['small'\], a .weights.h5 file.*Received: 'large'"):
        matting_net(width=SMALL, weights="large")
    (tmp_path / "damaged.weights.h5").write_bytes((tmp_path / "net.weights.h5").read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"Expected those of the same network. Received: .*damaged.weights.h5: \w+"):
        matting_net(width=SMALL, weights=tmp_path / "damaged.weights.h5")
    with (
        warnings.catch_warnings(action="error", category=UserWarning),  # the error is all that is said
        pytest.raises(ValueError, match=r"Expected matting_net\(width=0.25, weights='small'\).*loaded\.$"),
    ):
        matting_net(width=SMALL, weights="small")


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_precision(rng, precision):
    x = rng.normal(size=(1, 32, 32, 4)).astype("float32")
    model = matting_net(width=SMALL)
    with dtype_policy(precision):
        half = matting_net(width=SMALL)
    half.set_weights(model.get_weights())
    expected, received = to_numpy(model(x)), half(x)
    assert keras.backend.standardize_dtype(received.dtype) == "float32"
    # On average: single pixels feel the roundings of all the layers before them.
    allowed = 10 * TOLERANCES[precision.removeprefix("mixed_")]
    assert np.abs(to_numpy(received) - expected).mean() < allowed * np.abs(expected).mean()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"upsampling": "cubic"}, "`upsampling` must be one of .*Received: upsampling='cubic'"),
        ({"downsampling": "average"}, "`downsampling` must be one of .*Received: downsampling='average'"),
        ({"variant": "fixed"}, "`variant` must be one of"),
        ({"encoder": "resnet50"}, "`encoder` must be one of .*Received: encoder='resnet50'"),
        ({"upsampling": "carafe", "downsampling": "indexnet"}, "indices of an IndexNet.*Received: upsampling='carafe'"),
        ({"width": 0}, "`width` must be a number above 0.*Received: width=0"),
        ({"width": "half"}, "`width` must be a number above 0.*Received: width='half'"),
        ({"input_size": (64, 40)}, r"multiples of 16, or None. Received: input_size=\(64, 40\).*pads"),
    ],
)
def test_exception(settings, message):
    with pytest.raises(ValueError, match=message):
        matting_net(**settings)
