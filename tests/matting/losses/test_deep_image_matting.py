"""The released losses against recorded vectors and their formula pixel by pixel."""

import math

import numpy as np
import pytest

from a2u_tf.matting.losses import AlphaLoss, CompositionLoss, WeightedSum
from tests.helpers import gradients, to_numpy, working_dtype
from tests.matting.losses.targets import make_prediction, make_target
from tests.matting.pytorch_release.recipe import channels_last, load


def formula(target, prediction):
    """Both losses of each picture, by loops over the pixels."""
    losses = []
    for picture, matte in zip(target, prediction, strict=True):
        unknown = sum(picture[..., 1].ravel())
        alpha_loss = composition_loss = 0.0
        for pixel, p in zip(picture.reshape(-1, 11), matte.ravel(), strict=True):
            alpha, mask = pixel[:2]
            alpha_loss += math.sqrt(((p - alpha) * mask) ** 2 + 1e-12)
            for colour in range(3):
                composed = p * pixel[2 + colour] + (1 - p) * pixel[5 + colour]
                composition_loss += math.sqrt(((composed - pixel[8 + colour]) * mask) ** 2 + 1e-12)
        losses.append((alpha_loss / (unknown + 1), composition_loss / (unknown + 1)))
    return np.mean(losses, axis=0)


@pytest.mark.parametrize("batch", [1, 3])
def test_formula(rng, batch):
    target, prediction = make_target(rng, (batch, 3, 5)), make_prediction(rng, (batch, 3, 5))
    received = [to_numpy(loss(target, prediction)) for loss in (AlphaLoss(), CompositionLoss())]
    np.testing.assert_allclose(received, formula(target, prediction), rtol=1e-5)


def test_convention_without_unknown_pixels_every_pixel_costs_epsilon(rng):
    target, prediction = make_target(rng, (1, 4, 4)), make_prediction(rng, (1, 4, 4))
    target[..., 1] = 0
    np.testing.assert_allclose(to_numpy(AlphaLoss()(target, prediction)), 16e-6, rtol=1e-3)
    np.testing.assert_allclose(to_numpy(CompositionLoss()(target, prediction)), 48e-6, rtol=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_golden(golden_dir, dtype):
    if working_dtype(dtype) != dtype:
        pytest.skip(f"this backend computes {dtype} in {working_dtype(dtype)}")
    meta, arrays = load(golden_dir / "E_weighted_loss.npz")
    parts = [AlphaLoss(dtype=dtype), CompositionLoss(dtype=dtype)]
    whole = WeightedSum(parts, [0.5, 0.5], dtype=dtype)
    # A pixel without error costs sqrt(1e-12); half an eps of rounding adds eps**2 / 8e-6, 2e-9 in float32.
    tolerance = {"rtol": 1e-5, "atol": 1e-8} if dtype == "float32" else {"rtol": 1e-12, "atol": 1e-12}
    for number, row in enumerate(meta["cases"]):
        prefix = f"c{number:02}_"
        case = {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
        target, prediction = (channels_last(case[name]).astype(dtype) for name in ("gt", "pd"))
        for loss, name in ((whole, "loss"), (parts[0], "loss_alpha"), (parts[1], "loss_comp")):
            np.testing.assert_allclose(to_numpy(loss(target, prediction)), case[name], **tolerance)
        if row["kind"] == "perfect" and dtype == "float32":
            continue  # every pixel sits on the kink
        (received,) = gradients(lambda p, t=target: whole(t, p), prediction, cotangent=np.ones((), dtype))
        np.testing.assert_allclose(
            received, channels_last(case["grad_pd"]), rtol=0, atol=1e-6 if dtype == "float32" else 1e-12
        )


@pytest.mark.parametrize("loss", [AlphaLoss, CompositionLoss])
def test_exception_of_shapes(rng, loss):
    target, prediction = make_target(rng, (1, 4, 4)), make_prediction(rng, (1, 4, 4))
    with pytest.raises(ValueError, match=r"must have shape \(N, H, W, 11\).*Received: shape=\(1, 4, 4, 1\)"):
        loss()(target[..., :1], prediction)
    with pytest.raises(ValueError, match=r"must have shape \(N, H, W, 1\). Received: shape=\(1, 4, 4, 11\)"):
        loss()(target, target)
