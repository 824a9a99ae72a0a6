"""The connectivity error: which component is the source region, and what follows."""

import numpy as np
import pytest

from a2u_tf.matting.evaluation.connectivity_error import connectivity_error
from tests.matting.evaluation import oracle

EVERYWHERE = np.ones((30, 40), bool)


def check(prediction, target):
    """Compare with the definition, and return the error."""
    actual = connectivity_error(prediction, target, EVERYWHERE)
    expected = oracle.connectivity_error(prediction, target, EVERYWHERE)
    np.testing.assert_allclose(actual, expected, rtol=1e-12)
    return actual


def test_one_object_with_a_speck():
    """The source region is found from inside it; the speck hangs loose."""
    target = np.zeros((30, 40), np.uint8)
    target[5:25, 8:30] = 255
    prediction = target.copy()
    prediction[2:4, 35:37] = 200
    assert check(prediction, target) == pytest.approx(4 * 200 / 255 / 1000)


def test_large_dim_object_beside_a_small_bright_one():
    """The search for the source region begins in the bright one."""
    target = np.zeros((30, 40), np.uint8)
    target[2:28, 2:24] = 180
    target[10:20, 30:40] = 255
    prediction = target.copy()
    prediction[5:25, 5:20] = 140
    assert check(prediction, target) > 0


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("flip", [False, True])
def test_convention_ties_go_down_the_columns(axis, flip):
    """Two objects of one size, of which only the second is wrong, or only the first."""
    target = np.zeros((30, 40), np.uint8)
    if axis == 0:
        target[2:10, 20:30], target[20:28, 4:14] = 255, 255  # The first by rows is the second by columns.
    else:
        target[2:10, 10:20], target[20:28, 10:20] = 255, 255  # They begin in one column.
    prediction = target.copy()
    wrong = slice(20, 28) if flip else slice(2, 10)
    prediction[wrong] = np.where(target[wrong] > 0, 100, 0)
    check(prediction, target)
    rows_first = connectivity_error(prediction.T.copy(), target.T.copy(), EVERYWHERE.T)
    assert (rows_first == connectivity_error(prediction, target, EVERYWHERE)) == (axis == 1)


def test_tie_with_the_object_that_the_search_begins_in():
    target = np.zeros((30, 40), np.uint8)
    target[2:27, 3], target[10:15, 20:25] = 255, 255
    prediction = np.maximum(target, 8)
    prediction[10:15, 20:25] = 230
    check(prediction, target)


def test_corners_do_not_connect():
    target = np.zeros((30, 40), np.uint8)
    target[0:15, 0:20] = target[15:20, 20:25] = 255
    prediction = target.copy()
    prediction[16, 22] = 100
    assert check(prediction, target) > 0


def test_source_region_that_jumps():
    """The largest component of a threshold lies outside that of the one before: nothing stays connected."""
    target = np.zeros((30, 40), np.uint8)
    target[2:28, 2:20] = 100
    target[5:15, 25:35] = 255
    prediction = np.maximum(target, 10)
    prediction[5:15, 25:35] = 230
    prediction[20:25, 5:15] = 90
    assert check(prediction, target) > 0


@pytest.mark.parametrize("top", [20, 60, 254])
def test_dim_mattes_stay_connected(top):
    """Thresholds above all pixels have no source region, and disconnect nothing."""
    prediction, target = np.full((30, 40), top, np.uint8), np.full((30, 40), 255, np.uint8)
    target[0, 0] = 0
    check(prediction, target)


@pytest.mark.parametrize("share", [0.2, 0.55, 0.8])
def test_noise(rng, share):
    prediction, target = np.where(rng.random((2, 30, 40)) < share, rng.integers(0, 256, (2, 30, 40)), 0).astype("uint8")
    assert check(prediction, target) > 0
