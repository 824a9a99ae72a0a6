"""The gradient loss against SciPy's Sobel filter."""

import numpy as np
from scipy import ndimage

from a2u_tf.matting.losses import GradientLoss
from tests.helpers import gradients, numeric_gradient, to_numpy
from tests.matting.losses.targets import make_prediction, make_target


def scipy_loss(target, prediction):
    losses = []
    for picture, matte in zip(target.astype("float64"), prediction.astype("float64"), strict=True):
        error = (matte[..., 0] - picture[..., 0]) * picture[..., 1]
        slopes = [np.abs(ndimage.sobel(error, axis, mode="constant")).sum() / 8 for axis in (0, 1)]
        losses.append(sum(slopes) / (picture[..., 1].sum() + 1))
    return np.mean(losses)


def test_against_scipy(rng):
    target, prediction = make_target(rng, (3, 7, 9)), make_prediction(rng, (3, 7, 9))
    received = to_numpy(GradientLoss()(target, prediction))
    np.testing.assert_allclose(received, scipy_loss(target, prediction), rtol=1e-5)


def test_only_the_unknown_region_counts(rng):
    target, prediction = make_target(rng, (1, 6, 6)), make_prediction(rng, (1, 6, 6))
    other = np.where(target[..., 1:2] == 0, 7, prediction).astype("float32")
    np.testing.assert_array_equal(to_numpy(GradientLoss()(target, prediction)), to_numpy(GradientLoss()(target, other)))


def test_gradcheck(rng):
    target, prediction = make_target(rng, (1, 4, 5)), make_prediction(rng, (1, 4, 5))
    (received,) = gradients(lambda p: GradientLoss()(target, p), prediction, cotangent=np.ones((), "float32"))
    (expected,) = numeric_gradient(lambda p: scipy_loss(target, p), prediction, cotangent=1.0, step=1e-5)
    np.testing.assert_allclose(received, expected, atol=1e-4)
