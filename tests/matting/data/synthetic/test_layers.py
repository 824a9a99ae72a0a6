"""Layers: exact coverage, Porter and Duff, colours without halos; blur spreads what is there and keeps its mass."""

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import layers
from a2u_tf.matting.data.synthetic.bodies import ellipse
from a2u_tf.matting.data.synthetic.layers import blur_focus, blur_motion
from tests.matting.data.synthetic.helpers import Choosing


def test_coverage_is_the_area():
    """A rectangle with borders between pixels covers every pixel by its share; it is drawn 1/8 larger on each side."""
    left, top, right, bottom = 3.0, 4.25, 9.5, 12.0
    mask = layers.draw_mask(20, 16, [np.array([(left, top), (right, top), (right, bottom), (left, bottom)])])
    left, top, right, bottom = left - 1 / 8, top - 1 / 8, right + 1 / 8, bottom + 1 / 8
    # Pixel x covers [x - 0.5, x + 0.5].
    columns = np.clip(np.minimum(np.arange(16) + 0.5, right) - np.maximum(np.arange(16) - 0.5, left), 0, 1)
    rows = np.clip(np.minimum(np.arange(20) + 0.5, bottom) - np.maximum(np.arange(20) - 0.5, top), 0, 1)
    np.testing.assert_allclose(mask, rows[:, None] * columns, atol=0.13)
    assert mask.sum() == pytest.approx((right - left) * (bottom - top), rel=0.01)


def test_drawing_a_part_of_the_canvas_changes_nothing():
    """What lies outside is cut off, and a drawing in a corner is the same as beside others."""
    triangle = np.array([(2.0, 3.0), (9.0, 5.0), (4.0, 11.0)])
    alone = layers.draw_polygons(24, 24, [triangle], [(1.0, 0.5, 0.0)])
    crowd = layers.draw_polygons(24, 24, [triangle, triangle + 30, triangle - 40, triangle + 12], np.full((4, 3), 0.5))
    np.testing.assert_array_equal(alone[:12, :12, 3], crowd[:12, :12, 3])
    assert not layers.draw_polygons(24, 24, [triangle + 50], [(1, 1, 1)]).any()
    assert not layers.draw_polygons(24, 24, [], np.zeros((0, 3))).any()


def test_straight_colours_compose_as_the_layer_does(rng):
    layer = layers.draw_polygons(
        41, 53, [ellipse(25, 20, 9, 14), ellipse(30, 20, 4, 3)], [(0.9, 0.2, 0.4), (0, 1, 0)], 1.5
    )
    rgb, alpha = layers.straighten(layer)
    behind = rng.random((41, 53, 3))
    expected = layer[..., :3] + behind * (1 - layer[..., 3:])
    received = rgb / 255 * alpha[..., None] + behind * (1 - alpha[..., None])
    np.testing.assert_allclose(received, expected, atol=1 / 255)
    assert alpha[0, 0] == 0
    assert rgb[0, 0].max() > 100  # the far corner has a colour of the ellipses, too


@pytest.fixture
def star():
    """A star with points between pixels: `(10, 2)`."""
    t = np.arange(10) * np.pi / 5
    r = np.where(np.arange(10) % 2, 5.3, 12.8)
    return np.stack([20.3 + r * np.cos(t), 18.6 + r * np.sin(t)], axis=1)


def test_mask_is_the_alpha_of_the_layer_without_holes(star):
    layer = layers.draw_polygons(37, 45, [star, star + 1], [(1, 1, 1)] * 2)
    full = layers.draw_mask(37, 45, [star, star + 1])
    np.testing.assert_array_equal(full, layer[..., 3])
    hole = [ellipse(20, 18, 3, 4)]
    pierced = layers.draw_mask(37, 45, [star, star + 1], hole)
    assert (full[18, 20], pierced[18, 20]) == (1, 0)
    assert (full.sum() - pierced.sum()) == pytest.approx(layers.draw_mask(37, 45, hole).sum(), abs=0.3)


@pytest.mark.parametrize("place", [(-14, 5), (30, -12), (20, 14), (-16, -13)])
def test_what_the_border_cuts_off_is_as_in_a_larger_picture(star, place):
    """But for a few of the 16 samples of a pixel: OpenCV rounds a line anew where it cuts it."""
    shifted = star + np.array(place)
    large = layers.draw_mask(37 + 80, 45 + 80, [shifted + 40])[40:77, 40:85]
    assert large.sum() > 10
    for cut in (layers.draw_mask(37, 45, [shifted]), layers.draw_polygons(37, 45, [shifted], [(1, 1, 1)])[..., 3]):
        assert np.abs(cut - large).max() < 0.3
        assert np.abs(cut - large).sum() < 0.05 * large.sum()


def test_far_points_do_not_overflow():
    """The left half is covered by a polygon that reaches a billion pixels away."""
    mask = layers.draw_mask(16, 16, [np.array([(-1e9, -1e9), (7.5, -1e9), (7.5, 1e9), (-1e9, 1e9)])])
    assert (mask[:, :7] == 1).all()
    assert (mask[:, 9:] == 0).all()


def test_later_polygons_replace_earlier_ones_with_their_alpha(star):
    back, front = ellipse(16, 16, 14, 14), ellipse(16, 16, 6, 6)
    layer = layers.draw_polygons(33, 33, [back, front], np.array([(1, 0, 0, 1), (0, 1, 0.5, 0.4)]))
    np.testing.assert_allclose(layer[16, 6], [1, 0, 0, 1])
    np.testing.assert_allclose(layer[16, 16], [0, 0.4, 0.2, 0.4], atol=1 / 255)  # premultiplied
    # Blur keeps coverage.
    sharp, soft = (layers.draw_polygons(37, 45, [star], [(1, 1, 1)], blur)[..., 3] for blur in (0, 1.5))
    assert soft.sum() == pytest.approx(sharp.sum(), rel=1e-3)
    assert np.abs(np.diff(soft)).max() < 0.6 * np.abs(np.diff(sharp)).max()


def test_tint_weigh_and_light_multiply(rng):
    alpha, brightness = (rng.random((5, 7)).astype(np.float32) for _ in range(2))
    colour = rng.random((5, 7, 3)).astype(np.float32)
    layer = layers.tint(colour, alpha, brightness)
    np.testing.assert_allclose(layer[..., :3], colour * (alpha * brightness)[..., None], rtol=1e-5)
    np.testing.assert_array_equal(layer[..., 3], alpha)
    even = layers.tint((0.2, 0.5, 1.0), alpha)
    np.testing.assert_allclose(even, alpha[..., None] * np.float32([0.2, 0.5, 1, 1]), rtol=1e-5)
    np.testing.assert_allclose(layers.weigh(layer, brightness), layer * brightness[..., None], rtol=1e-6)
    lit = layers.light(layer, brightness)
    np.testing.assert_allclose(lit[..., :3], layer[..., :3] * brightness[..., None], rtol=1e-6)
    np.testing.assert_array_equal(lit[..., 3], alpha)


def test_over_puts_the_first_in_front_of_all_others(rng):
    first, second, third = (rng.random((5, 7, 4)).astype(np.float32) for _ in range(3))
    together = layers.over(first, second, third)
    np.testing.assert_allclose(layers.over(first, second), first + second * (1 - first[..., 3:]), atol=1e-6)
    np.testing.assert_allclose(together, layers.over(layers.over(first, second), third), atol=1e-6)
    np.testing.assert_allclose(together, layers.over(first, layers.over(second, third)), atol=1e-6)
    first[..., 3] = 1
    np.testing.assert_array_equal(layers.over(first, second, third), first)


def test_faint_pixels_are_empty_and_light_is_clipped():
    layer = np.zeros((4, 6, 4), np.float32)
    layer[1, 1] = layers.EMPTY * 0.9
    layer[2, 2] = (2.0, 0.5, 0.25, 1.2)  # brighter than white
    layer[2, 4] = (0.1, 0.05, 0, 0.1)
    rgb, alpha = layers.straighten(layer)
    assert (rgb.dtype, alpha.dtype) == (np.uint8, np.float32)
    assert np.flatnonzero(alpha).tolist() == [14, 16]
    assert alpha[2, 2] == 1
    np.testing.assert_array_equal(rgb[2, 4], [255, 128, 0])
    assert rgb[2, 2, 0] == 255
    steps = np.float32([[-0.5, 0, 0.4 / 255, 0.6 / 255, 1, 7]])
    np.testing.assert_array_equal(layers.to_bytes(steps), [[0, 0, 0, 1, 255, 255]])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 5), (64, 33)])
def test_an_empty_layer_is_straightened_to_nothing(shape):
    rgb, alpha = layers.straighten(np.zeros((*shape, 4), np.float32))
    assert rgb.shape == (*shape, 3)
    assert not alpha.any()


def test_empty_pixels_take_the_colour_of_what_is_near():
    layer = np.zeros((32, 64, 4), np.float32)
    layer[10:20, 4:10] = (1, 0, 0, 1)
    layer[10:20, 54:60] = (0, 0, 1, 1)
    rgb, _ = layers.straighten(layer)
    assert (rgb[12:18, 12:16, 0] > 3 * rgb[12:18, 12:16, 2].astype(int)).all()
    assert (rgb[12:18, 48:52, 2] > 3 * rgb[12:18, 48:52, 0].astype(int)).all()


@pytest.mark.parametrize("blur", [blur_motion, blur_focus])
def test_blur_keeps_mass_and_softens(blur):
    full = np.ones((64, 97, 4), np.float32)
    sharp = layers.draw_polygons(128, 128, [ellipse(64, 64, 25, 25)], [(1, 1, 1)])
    for seed in range(6):
        blurred = blur(np.random.default_rng(seed), sharp)
        assert blurred[..., 3].sum() == pytest.approx(sharp[..., 3].sum(), rel=0.15)
        between = [((layer[..., 3] > 0.02) & (layer[..., 3] < 0.98)).sum() for layer in (sharp, blurred)]
        assert between[1] > between[0]
        np.testing.assert_allclose(blurred[..., 0], blurred[..., 3], atol=1e-5)  # white stays white
        # What fills the picture still fills it.
        np.testing.assert_allclose(blur(np.random.default_rng(seed), full), full, atol=1e-4)


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
        by_dot = np.abs(blur_focus(rng, dots) - dots)[..., 3].reshape(5, 40, 5, 40).max(axis=(1, 3))
        changes.append(by_dot.min() / by_dot.max())
    assert min(changes) < 0.2 < 0.8 < max(changes)
