"""Blur: it spreads what is there and keeps its mass."""

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import layers
from a2u_tf.matting.data.synthetic.blur import blur_focus, blur_motion
from a2u_tf.matting.data.synthetic.bodies import ellipse
from tests.matting.data.synthetic.chance import Choosing


@pytest.mark.parametrize("blur", [blur_motion, blur_focus])
def test_blur_keeps_mass_and_softens(blur):
    sharp = layers.draw_polygons(128, 128, [ellipse(64, 64, 25, 25)], [(1, 1, 1)])
    for seed in range(6):
        blurred = blur(np.random.default_rng(seed), sharp)
        assert blurred[..., 3].sum() == pytest.approx(sharp[..., 3].sum(), rel=0.15)
        between = [((layer[..., 3] > 0.02) & (layer[..., 3] < 0.98)).sum() for layer in (sharp, blurred)]
        assert between[1] > between[0]
        np.testing.assert_allclose(blurred[..., 0], blurred[..., 3], atol=1e-5)  # white stays white


def _dot(x, y, radius=1.5, size=128):
    return layers.draw_polygons(size, size, [ellipse(x, y, radius, radius)], [(1, 1, 1)])


def _extent(alpha):
    """Return the length and the breadth of what is seen, as those of an even bar of its variances, and its angle."""
    y, x = np.indices(alpha.shape)
    variances, axes = np.linalg.eigh(np.cov(np.stack([x.ravel(), y.ravel()]), aweights=alpha.ravel()))
    return *np.sqrt(12 * variances[::-1]), np.arctan2(*axes[::-1, 1])


@pytest.mark.parametrize("seed", range(6))
def test_moving_draws_an_even_streak(seed):
    """A dot becomes a bar, 2 to 12 per cent of the side long and not broader than before."""
    sharp = _dot(64, 64)[..., 3]
    moved = blur_motion(Choosing(seed, random=0.0), _dot(64, 64))[..., 3]
    before, _, _ = _extent(sharp)
    length, breadth, _ = _extent(moved)
    assert breadth < before + 1
    assert 0.02 * 128 < np.sqrt(length**2 - before**2) < 0.12 * 128 + 1
    assert moved.sum() == pytest.approx(sharp.sum(), rel=0.02)
    assert moved.max() < 2 * sharp.sum() / (length * breadth)  # nowhere denser than elsewhere


@pytest.mark.parametrize("seed", range(6))
def test_turning_blurs_the_more_the_further_from_the_centre(seed):
    """All over a grid of dots the streaks grow with the distance from one point, and by 2 to 15 degrees of it."""
    places = [(x, y) for x in (16, 48, 80, 112) for y in (16, 48, 80, 112)]
    reach = []
    for place in places:
        length, *_ = _extent(blur_motion(Choosing(seed, random=0.9), _dot(*place))[..., 3])
        reach.append(length)
    rng = Choosing(seed, random=0.9)
    angle = np.deg2rad(abs(rng.uniform(2, 15) * rng.choice([-1, 1])))
    rng.uniform(0.95, 1.05)
    centre = 128 * np.array([rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8)])
    away = np.linalg.norm(np.array(places) - centre, axis=1)
    far = away > 20
    assert np.corrcoef(away[far], np.array(reach)[far])[0, 1] > 0.6
    np.testing.assert_allclose(np.array(reach)[far], np.hypot(away[far] * angle, 3), rtol=0.6)


@pytest.mark.parametrize("seed", range(6))
def test_out_of_focus_a_dot_becomes_a_disc(seed):
    """Everywhere: a disc of 0.4 to 2.5 per cent of the side, as dense inside as at its rim, without a shift."""
    blurred = blur_focus(Choosing(seed, random=0.0), _dot(100, 100, radius=0.6, size=200))[..., 3]
    y, x = np.indices(blurred.shape)
    np.testing.assert_allclose([np.average(axis, weights=blurred) for axis in (x, y)], (100, 100), atol=0.1)
    length, breadth, _ = _extent(blurred)
    assert breadth == pytest.approx(length, rel=0.02)  # round
    # An even disc's radius is twice the standard deviation along an axis; 0.6 pixels of it were there before.
    radius = 2 * length / np.sqrt(12)
    assert 0.004 * 200 * 0.4 < radius < 0.025 * 200 + 1.5
    inside = blurred[np.hypot(x - 100, y - 100) < 0.6 * radius]
    assert inside.max() < 1.6 * np.median(inside) or radius < 2


@pytest.mark.parametrize("seed", range(8))
def test_focus_may_be_lost_towards_one_side(seed):
    """Half the time a part stays as sharp as it was."""
    rng = np.random.default_rng(seed)
    dots = layers.over(*(_dot(x, y, 4, 200) for x in range(20, 200, 40) for y in range(20, 200, 40)))
    changes = []
    for _ in range(6):
        change = np.abs(blur_focus(rng, dots) - dots)[..., 3]
        by_dot = change.reshape(5, 40, 5, 40).max(axis=(1, 3))
        changes.append(by_dot.min() / by_dot.max())
    assert min(changes) < 0.2 < 0.8 < max(changes)


@pytest.mark.parametrize("blur", [blur_motion, blur_focus])
def test_what_fills_the_picture_still_fills_it(blur):
    full = np.ones((64, 97, 4), np.float32)
    for seed in range(6):
        np.testing.assert_allclose(blur(np.random.default_rng(seed), full), full, atol=1e-4)
