"""The losses against recorded vectors, their formulas pixel by pixel, SciPy's Sobel filter and OpenCV's pyramid."""

import math

import cv2
import keras
import numpy as np
import pytest
from scipy import ndimage

from a2u_tf.matting.losses import AlphaLoss, CompositionLoss, GradientLoss, LaplacianLoss, WeightedSum
from tests.helpers import assert_close, gradients, numeric_gradient, to_numpy, working_dtype
from tests.matting.pytorch_release.recipe import channels_last, load

LOSSES = [AlphaLoss(), CompositionLoss(), GradientLoss(), LaplacianLoss(3)]


def make_pair(rng, shape):
    """Return a float32 target whose picture is not quite what its parts compose, and a matte, some outside [0, 1]."""
    target = rng.uniform(size=(*shape, 11)).astype("float32")
    target[..., 1] = rng.uniform(size=shape) < 0.6
    return target, rng.uniform(-0.2, 1.2, size=(*shape, 1)).astype("float32")


def error(target, prediction):
    return (prediction[..., 0] - target[..., 0]).astype("float64") * target[..., 1]


def formula(target, prediction):
    """The released losses of each picture, by loops over the pixels."""
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


def scipy_gradient_loss(target, prediction):
    slopes = [
        [np.abs(ndimage.sobel(one, axis, mode="constant")).sum() / 8 for axis in (0, 1)]
        for one in error(target, prediction)
    ]
    return np.mean(np.sum(slopes, axis=1) / (target[..., 1].sum(axis=(1, 2)) + 1))


@pytest.mark.parametrize("batch", [1, 3])
def test_formula(rng, batch):
    target, prediction = make_pair(rng, (batch, 3, 5))
    received = [to_numpy(loss(target, prediction)) for loss in (AlphaLoss(), CompositionLoss())]
    np.testing.assert_allclose(received, formula(target, prediction), rtol=1e-5)


def test_convention_without_unknown_pixels_every_pixel_costs_epsilon(rng):
    target, prediction = make_pair(rng, (1, 4, 4))
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


def test_gradient_loss_against_scipy(rng):
    target, prediction = make_pair(rng, (3, 7, 9))
    received = to_numpy(GradientLoss()(target, prediction))
    np.testing.assert_allclose(received, scipy_gradient_loss(target, prediction), rtol=1e-5)


@pytest.mark.parametrize(("levels", "size"), [(1, (8, 8)), (2, (32, 48)), (3, (64, 64)), (3, (61, 67))])
def test_laplacian_loss_against_opencv(rng, levels, size):
    """Of an unknown region that keeps clear of the border, where OpenCV mirrors and we count zero."""
    target, prediction = make_pair(rng, (1, *size))
    margin = 3 * 2 ** (levels - 1)
    target[0, ..., 1] *= np.pad(np.ones([n - 2 * margin for n in size], "float32"), margin)
    (x,), expected = error(target, prediction), 0.0
    for level in range(levels):
        smaller = cv2.pyrDown(x) if level < levels - 1 else None
        detail = x if smaller is None else x - cv2.pyrUp(smaller, dstsize=x.shape[::-1])
        expected += 2**level * np.abs(detail).sum() / (target[..., 1].sum() + 1)
        x = smaller
    np.testing.assert_allclose(to_numpy(LaplacianLoss(levels)(target, prediction)), expected, rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_only_the_unknown_region_counts(rng, loss):
    target, prediction = make_pair(rng, (1, 6, 6))
    other = np.where(target[..., 1:2] == 0, 7, prediction).astype("float32")
    np.testing.assert_array_equal(to_numpy(loss(target, prediction)), to_numpy(loss(target, other)))


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (33, 17)])
def test_laplacian_loss_of_any_size_is_zero_for_the_truth_and_finite_else(rng, size):
    target, prediction = make_pair(rng, (2, *size))
    assert to_numpy(LaplacianLoss()(target, target[..., :1])) == 0
    assert np.isfinite(to_numpy(LaplacianLoss()(target, prediction)))


def test_gradcheck(rng):
    target, prediction = make_pair(rng, (1, 5, 6))
    double = LaplacianLoss(3, dtype="float64")
    for loss, expected, step in (
        (GradientLoss(), lambda p: scipy_gradient_loss(target, p), 1e-5),
        (LaplacianLoss(3), lambda p: to_numpy(double(target.astype("float64"), p)), 1e-3),
    ):
        (received,) = gradients(lambda p, loss=loss: loss(target, p), prediction, cotangent=np.ones((), "float32"))
        (expected,) = numeric_gradient(expected, prediction, cotangent=1.0, step=step)
        np.testing.assert_allclose(received, expected, atol=2 * step + 1e-4)


def test_weighted_sum_of_its_parts(rng):
    target, prediction = make_pair(rng, (2, 8, 8))
    weights = [1, 0.5, 0.25, 3]
    expected = sum(w * to_numpy(part(target, prediction)) for w, part in zip(weights, LOSSES, strict=True))
    assert_close(to_numpy(WeightedSum(LOSSES, weights)(target, prediction)), expected)


def test_keras_losses_see_alpha_and_the_unknown_region(rng):
    target, prediction = make_pair(rng, (2, 8, 8))
    mix = WeightedSum([keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError()], [2, 1])
    expected = 2 * np.mean(error(target, prediction) ** 2) + np.mean(np.abs(error(target, prediction)))
    np.testing.assert_allclose(to_numpy(mix(target, prediction)), expected, rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_serialization(loss):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(copy) is type(loss)
    assert copy.get_config() == loss.get_config()
    assert copy.name == type(loss).__name__.removesuffix("Loss").lower() + "_loss"


def test_trains_and_survives_saving(rng, tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.Conv2D(1, 3, padding="same")])
    model.compile("adam", WeightedSum([AlphaLoss(), LaplacianLoss(2), keras.losses.MeanSquaredError()], [0.5, 0.1, 1]))
    x, target = rng.normal(size=(4, 8, 8, 4)).astype("float32"), make_pair(rng, (4, 8, 8))[0]
    losses = model.fit(x, target, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.loss.name, loaded.loss.weights) == ("weighted_sum", [0.5, 0.1, 1.0])
    np.testing.assert_allclose(loaded.evaluate(x, target, verbose=0), model.evaluate(x, target, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_exception_of_shapes(rng, loss):
    target, prediction = make_pair(rng, (1, 4, 4))
    with pytest.raises(ValueError, match=r"must have shape \(N, H, W, 11\).*Received: shape=\(1, 4, 4, 1\)"):
        loss(target[..., :1], prediction)
    with pytest.raises(ValueError, match=r"must have shape \(N, H, W, 1\). Received: shape=\(1, 4, 4, 11\)"):
        loss(target, target)


@pytest.mark.parametrize("levels", [0, 1.5, True])
def test_exception_of_levels(levels):
    with pytest.raises(ValueError, match=f"integer of at least 1. Received: levels={levels}"):
        LaplacianLoss(levels)


@pytest.mark.parametrize(("losses", "weights"), [([], []), ([AlphaLoss()], [1, 2]), (["mse"], [1])])
def test_exception_of_a_sum(losses, weights):
    with pytest.raises(ValueError, match=r"lists of one length, of Keras losses and of numbers. Received: losses="):
        WeightedSum(losses, weights)
