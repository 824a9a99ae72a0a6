"""The Laplacian loss against OpenCV's pyramid."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.losses import LaplacianLoss
from tests.helpers import gradients, numeric_gradient, to_numpy
from tests.matting.losses.targets import make_prediction, make_target


def inner_unknown(rng, size, margin):
    """A picture whose unknown region keeps clear of the border, where OpenCV mirrors and we count zero."""
    target, prediction = make_target(rng, (1, *size)), make_prediction(rng, (1, *size))
    inside = np.zeros(size, bool)
    inside[margin:-margin, margin:-margin] = True
    target[..., 1] *= inside
    return target, prediction


def opencv_loss(target, prediction, levels):
    x = ((prediction[0, ..., 0] - target[0, ..., 0]) * target[0, ..., 1]).astype("float64")
    total = 0.0
    for level in range(levels):
        detail, smaller = x, None
        if level < levels - 1:
            smaller = cv2.pyrDown(x)
            detail = x - cv2.pyrUp(smaller, dstsize=x.shape[::-1])
        total += 2**level * np.abs(detail).sum()
        x = smaller
    return total / (target[..., 1].sum() + 1)


@pytest.mark.parametrize(("levels", "size"), [(1, (8, 8)), (2, (32, 48)), (3, (64, 64)), (3, (61, 67))])
def test_against_opencv(rng, levels, size):
    target, prediction = inner_unknown(rng, size, margin=3 * 2 ** (levels - 1))
    received = to_numpy(LaplacianLoss(levels)(target, prediction))
    np.testing.assert_allclose(received, opencv_loss(target, prediction, levels), rtol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (33, 17)])
def test_any_size_is_zero_for_the_truth_and_finite_else(rng, size):
    target, prediction = make_target(rng, (2, *size)), make_prediction(rng, (2, *size))
    assert to_numpy(LaplacianLoss()(target, target[..., :1])) == 0
    assert np.isfinite(to_numpy(LaplacianLoss()(target, prediction)))


def test_gradcheck(rng):
    target, prediction = make_target(rng, (1, 5, 6)), make_prediction(rng, (1, 5, 6))
    loss = LaplacianLoss(3)
    (received,) = gradients(lambda p: loss(target, p), prediction, cotangent=np.ones((), "float32"))
    double = LaplacianLoss(3, dtype="float64")
    (expected,) = numeric_gradient(
        lambda p: to_numpy(double(target.astype("float64"), p)), prediction, cotangent=1.0, step=1e-3
    )
    np.testing.assert_allclose(received, expected, atol=2e-3)


@pytest.mark.parametrize("levels", [0, 1.5, True])
def test_exception(levels):
    with pytest.raises(ValueError, match=f"integer of at least 1. Received: levels={levels}"):
        LaplacianLoss(levels)
