"""The gradient and the connectivity error: filters, borders and tiles; the source region, and what follows."""

import json

import numpy as np
import pytest
from scipy import ndimage

from a2u_tf.matting.evaluation import protocol
from a2u_tf.matting.evaluation.protocol import connectivity_error, derivative_filters, gradient_error
from tests.matting.evaluation import oracle

EVERYWHERE = np.ones((30, 40), bool)


def drawn(rectangles, picture=None):
    """Draw rectangles `(top, bottom, left, right, level)` on a picture, else on black."""
    picture = np.zeros((30, 40), np.uint8) if picture is None else picture.copy()
    for top, bottom, left, right, level in rectangles:
        picture[top:bottom, left:right] = level
    return picture


def check_connectivity(prediction, target):
    """Compare with the definition, and return the error."""
    actual = connectivity_error(prediction, target, EVERYWHERE)
    expected = oracle.connectivity_error(prediction, target, EVERYWHERE)
    np.testing.assert_allclose(actual, expected, rtol=1e-12)
    return actual


SOURCE_REGIONS = {  # what is drawn in the target, and on it in the prediction
    # It is found from inside it.
    "a speck hangs loose": ([(5, 25, 8, 30, 255)], [(2, 4, 35, 37, 200)]),
    # The search begins in the bright one.
    "large and dim, small and bright": ([(2, 28, 2, 24, 180), (10, 20, 30, 40, 255)], [(5, 25, 5, 20, 140)]),
    "corners only": ([(0, 15, 0, 20, 255), (15, 20, 20, 25, 255)], [(16, 17, 22, 23, 100)]),
    # The largest component of a threshold lies outside that of the one before: nothing stays connected.
    "it jumps": ([(2, 28, 2, 20, 100), (5, 15, 25, 35, 255)], [(5, 15, 25, 35, 230), (20, 25, 5, 15, 90)]),
    # With the object that the search begins in.
    "a tie": ([(2, 27, 3, 4, 255), (10, 15, 20, 25, 255)], [(10, 15, 20, 25, 230)]),
}


@pytest.mark.parametrize("case", SOURCE_REGIONS)
@pytest.mark.parametrize("least", [0, 8])
def test_source_region(case, least):
    target, changes = SOURCE_REGIONS[case]
    check_connectivity(drawn(changes, np.maximum(drawn(target), least)), drawn(target))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("flip", [False, True])
def test_convention_ties_go_down_the_columns(axis, flip):
    """Two objects of one size, of which only the second is wrong, or only the first."""
    # Either the first by rows is the second by columns, or they begin in one column.
    objects = [(2, 10, (20, 10)[axis], (30, 20)[axis], 255), (20, 28, (4, 10)[axis], (14, 20)[axis], 255)]
    target = drawn(objects)
    prediction = drawn([(*objects[flip][:4], 100)], target)
    check_connectivity(prediction, target)
    rows_first = connectivity_error(prediction.T.copy(), target.T.copy(), EVERYWHERE.T)
    assert (rows_first == connectivity_error(prediction, target, EVERYWHERE)) == (axis == 1)


@pytest.mark.parametrize("top", [20, 60, 254])
def test_dim_mattes_stay_connected(top):
    """Thresholds above all pixels have no source region, and disconnect nothing."""
    target = drawn([(0, 30, 0, 40, 255), (0, 1, 0, 1, 0)])
    check_connectivity(drawn([(0, 30, 0, 40, top)]), target)


@pytest.mark.parametrize("share", [0.2, 0.55, 0.8])
def test_noise(rng, share):
    prediction, target = np.where(rng.random((2, 30, 40)) < share, rng.integers(0, 256, (2, 30, 40)), 0).astype("uint8")
    assert check_connectivity(prediction, target) > 0


def test_filters_of_matlab_and_of_the_formula(golden_dir):
    expected = json.loads((golden_dir / "F_metrics.json").read_text())["gaussgradient_hx"]
    np.testing.assert_allclose(np.outer(*derivative_filters()), expected, atol=1e-16)
    np.testing.assert_allclose(np.outer(*derivative_filters()), oracle.derivative_kernel(), atol=1e-16)


@pytest.mark.parametrize("tile", [1, 3, 8, 64])
def test_tiles_do_not_show(rng, monkeypatch, tile):
    monkeypatch.setattr(protocol, "_TILE", tile)
    prediction, target = rng.integers(0, 256, (2, 11, 13), dtype=np.uint8)
    for share in (0.05, 0.5, 1.0):
        unknown = rng.random((11, 13)) < share
        expected = oracle.gradient_error(prediction, target, unknown)
        np.testing.assert_allclose(gradient_error(prediction, target, unknown), expected, rtol=1e-12)


def test_picture_larger_than_a_tile(rng):
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
    target, unknown = rng.integers(0, 101, (20, 20)).astype(np.float64), np.ones((20, 20), bool)
    assert gradient_error(2 * target + 50, target, unknown) == pytest.approx(0, abs=1e-20)


@pytest.mark.parametrize("value", [0, 77, 255])
def test_constant_picture_has_no_gradient(rng, value):
    constant = np.full((20, 20), value, np.uint8)
    other = rng.integers(0, 256, (20, 20), dtype=np.uint8)
    unknown = np.ones((20, 20), bool)
    assert gradient_error(constant, constant[::-1], unknown) == 0
    expected = oracle.gradient_error(constant, other, unknown)
    np.testing.assert_allclose(gradient_error(constant, other, unknown), expected, rtol=1e-12)
