"""The gradient error: its filters, its borders and its tiles."""

import json

import numpy as np
import pytest

from a2u_tf.matting.evaluation import gradient_error as module
from a2u_tf.matting.evaluation.gradient_error import derivative_filters, gradient_error
from tests.matting.evaluation import oracle


def test_filters_of_matlab(golden_dir):
    expected = json.loads((golden_dir / "F_metrics.json").read_text())["gaussgradient_hx"]
    np.testing.assert_allclose(np.outer(*derivative_filters()), expected, atol=1e-16)


def test_filters_from_the_formula():
    np.testing.assert_allclose(np.outer(*derivative_filters()), oracle.derivative_kernel(), atol=1e-16)


@pytest.mark.parametrize("tile", [1, 3, 8, 64])
def test_tiles_do_not_show(rng, monkeypatch, tile):
    monkeypatch.setattr(module, "_TILE", tile)
    prediction, target = rng.integers(0, 256, (2, 11, 13), dtype=np.uint8)
    for share in (0.05, 0.5, 1.0):
        unknown = rng.random((11, 13)) < share
        expected = oracle.gradient_error(prediction, target, unknown)
        np.testing.assert_allclose(gradient_error(prediction, target, unknown), expected, rtol=1e-12)


def test_picture_larger_than_a_tile(rng):
    ndimage = pytest.importorskip("scipy.ndimage")
    kernel = np.array(oracle.derivative_kernel())
    prediction, target = rng.integers(0, 256, (2, 211, 430), dtype=np.uint8)
    unknown = rng.random((211, 430)) < 0.3
    unknown[40:180, 60:390] = False
    magnitudes = []
    for picture in (prediction / 255, target / 255):  # Both span 0 to 255 already.
        across, down = (ndimage.convolve(picture, k, mode="nearest") for k in (kernel, kernel.T))
        magnitudes.append(np.hypot(across, down))
    expected = np.sum(np.square(magnitudes[0] - magnitudes[1])[unknown]) / 1000
    np.testing.assert_allclose(gradient_error(prediction, target, unknown), expected, rtol=1e-12)


def test_contrast_does_not_count(rng):
    target = rng.integers(0, 101, (20, 20)).astype(np.float64)
    unknown = np.ones((20, 20), bool)
    assert gradient_error(2 * target + 50, target, unknown) == pytest.approx(0, abs=1e-20)


@pytest.mark.parametrize("value", [0, 77, 255])
def test_constant_picture_has_no_gradient(rng, value):
    constant = np.full((20, 20), value, np.uint8)
    other = rng.integers(0, 256, (20, 20), dtype=np.uint8)
    unknown = np.ones((20, 20), bool)
    assert gradient_error(constant, constant[::-1], unknown) == 0
    expected = oracle.gradient_error(constant, other, unknown)
    np.testing.assert_allclose(gradient_error(constant, other, unknown), expected, rtol=1e-12)
