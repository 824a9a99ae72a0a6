"""Strands: their lengths, turns, places and widths."""

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import strands
from tests.matting.data.synthetic.helpers import curves_and_widths, lengths


def _straight(count=5, points=9):
    """Return straight curves to the right, one below the other: `(count, points, 2)`."""
    x, y = np.meshgrid(np.linspace(10, 50, points), 10.0 + 6 * np.arange(count))
    return np.stack([x, y], axis=2)


def _heading(steps):
    return np.arctan2(steps[..., 1], steps[..., 0])


@pytest.mark.parametrize("width", [0.15, 0.5, 1.0, 2.5])
def test_strand_covers_its_width(width):
    curve = np.stack([np.linspace(5, 45, 9), np.linspace(10.3, 18.7, 9)], axis=1)[None]
    group = strands.ribbons(curve, np.array([width]), np.ones((1, 3)), taper=0)
    covered = strands.draw_strands(30, 50, group)[..., 3].sum()
    assert covered == pytest.approx(np.hypot(40, 8.4) * width, rel=0.25)


def test_strand_tapers():
    curve = np.stack([np.linspace(2, 60, 9), np.full(9, 8.0)], axis=1)[None]
    alpha = strands.draw_strands(17, 64, strands.ribbons(curve, np.array([4.0]), np.ones((1, 3)), taper=1))[..., 3]
    coverage = alpha.sum(axis=0)
    assert coverage[4] == pytest.approx(4, abs=0.5)
    assert coverage[31] == pytest.approx(2, abs=0.4)
    assert coverage[56] < 0.6


def test_outlines_run_on_both_sides_of_their_curve():
    """There along one side and back along the other, as far apart as the width less OpenCV's outline of 1/4 pixel."""
    curves = _straight()
    widths = np.linspace(1, 5, 5)
    outlines, colours = strands.ribbons(curves, widths, np.full((5, 3), 0.5), taper=0)
    middle, across = curves_and_widths(outlines)
    np.testing.assert_allclose(middle, curves, atol=1e-9)
    np.testing.assert_allclose(across, np.repeat(widths[:, None] - 0.25, 9, axis=1), atol=1e-9)
    assert colours.shape == (5, 4)
    assert (colours[:, 3] == 1).all()


def test_strands_outside_are_dropped_without_changing_the_rest():
    curves = _straight()
    widths, colours = np.full(5, 2.0), np.linspace(0.1, 1, 15).reshape(5, 3)
    outlines, shades = strands.ribbons(curves, widths, colours)
    far = outlines + np.array([500, 0])
    mixed = np.stack([far, outlines, outlines - 500], axis=1).reshape(-1, *outlines.shape[1:])
    received = strands.draw_strands(40, 60, (mixed, np.repeat(shades, 3, axis=0)))
    np.testing.assert_array_equal(received, strands.draw_strands(40, 60, (outlines, shades)))
    assert received[..., 3].max() == 1
    assert not strands.draw_strands(40, 60, (far, shades)).any()


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_strands_in_half_a_pixel_at_the_border_are_seen(side):
    """Pixel 0 reaches from -0.5 to 0.5, and so does the last one beyond its centre."""
    along, place = np.linspace(5, 25, 9), {"left": -0.25, "top": -0.25, "right": 29.25, "bottom": 29.25}[side]
    points = [np.full(9, place), along] if side in ("left", "right") else [along, np.full(9, place)]
    group = strands.ribbons(np.stack(points, axis=1)[None], np.array([0.4]), np.ones((1, 3)), taper=0)
    assert strands.draw_strands(30, 30, group)[..., 3].sum() == pytest.approx(20 * 0.4, rel=0.3)


def test_groups_are_drawn_over_those_before():
    group = [strands.ribbons(_straight(1), np.array([3.0]), [colour], taper=0) for colour in ((1, 0, 0), (0, 0, 1))]
    np.testing.assert_allclose(strands.draw_strands(20, 60, *group)[10, 30], [0, 0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(strands.draw_strands(20, 60, *group[::-1])[10, 30], [1, 0, 0, 1], atol=1e-6)


def test_curves_have_their_roots_and_lengths(rng):
    roots, reach = rng.random((20, 2)) * 50, rng.uniform(1, 30, 20)
    curves = strands.grow(roots, rng.normal(0, 9, (20, 2)), reach, 11, (0.4, 2.0), rng.normal(0, 1, 20))
    assert curves.shape == (20, 11, 2)
    np.testing.assert_array_equal(curves[:, 0], roots)
    np.testing.assert_allclose(lengths(curves), reach, rtol=1e-9)
    # Without pull they are straight.
    directions = rng.normal(0, 3, (20, 2))
    steps = np.diff(strands.grow(np.zeros((20, 2)), directions, np.full(20, 10.0), 6), axis=1)
    expected = 2 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    np.testing.assert_allclose(steps, np.repeat(expected[:, None], 5, axis=1), atol=1e-9)


@pytest.mark.parametrize("bend", [-1.5, 0.3, 2.0])
def test_bend_turns_to_the_right_by_its_angle(bend):
    """With y downwards, to the right is from x towards y."""
    curve = strands.grow(np.zeros((1, 2)), np.array([(1.0, 0.0)]), np.array([30.0]), 13, bend=np.array([bend]))[0]
    assert _heading(curve[-1] - curve[-2]) == pytest.approx(bend, abs=1e-9)
    np.testing.assert_allclose(np.diff(_heading(np.diff(curve, axis=0))), bend / 12, atol=1e-9)


def test_pull_turns_towards_itself_and_more_the_stronger_it_is():
    pulls = np.array([(0.0, 0.5), (0.0, 2.0), (0.0, -2.0), (3.0, 0.0)])
    curves = strands.grow(np.zeros((4, 2)), np.tile([(1.0, 0.0)], (4, 1)), np.full(4, 20.0), 20, pulls)
    ends = _heading(curves[:, -1] - curves[:, -2])
    assert 0 < ends[0] < ends[1] < np.pi / 2
    assert ends[2] == pytest.approx(-ends[1])
    assert ends[3] == 0


def test_wave_swings_across_and_leaves_the_root(rng):
    curves = _straight(points=65)
    waved = strands.wave(rng, curves, 2.0, 3)
    np.testing.assert_allclose(waved[:, 0], curves[:, 0])
    np.testing.assert_allclose(waved[..., 0], curves[..., 0], atol=1e-9)  # across a horizontal curve is up and down
    away = waved[..., 1] - curves[..., 1]
    assert np.abs(away[:, :10]).max() < np.abs(away[:, -30:]).max() <= 4
    turns = (np.abs(np.diff(np.sign(np.diff(away, axis=1)), axis=1)) > 1).sum(axis=1)
    assert ((turns >= 5) & (turns <= 7)).all()  # three waves have six extremes
    # Each may have an amplitude of its own.
    waved = strands.wave(rng, curves, np.array([0.0, 1.5, 0, 0, 0]), np.full(5, 2.0))
    moved = np.abs(waved - curves).max(axis=(1, 2))
    assert moved[1] > 0.5
    assert not moved[[0, 2, 3, 4]].any()


def test_lock_gathers_towards_its_tip(rng):
    guides = _straight(count=2, points=21)
    wisps = strands.lock(rng, guides, 400, 2.0, 0.8, loose=0)
    assert wisps.shape == (800, 21, 2)
    away = (wisps[..., 1] - np.repeat(guides[..., 1], 400, axis=0)).reshape(2, 400, 21).std(axis=1)
    np.testing.assert_allclose(away[:, 0], 2, rtol=0.15)
    np.testing.assert_allclose(away[:, -1], 2 * 0.2, rtol=0.15)
    assert (np.diff(away, axis=1) < 0).all()
    reach = wisps[:, -1, 0] - wisps[:, 0, 0] + 0.8 * (wisps[:, 0, 0] - 10)  # less what gathers along the guide
    assert 0.74 * 40 < reach.min() <= reach.max() < 1.01 * 40
    # Loose, it drifts apart.
    wisps = strands.lock(rng, guides[:1], 500, 2.0, 1.0, loose=0.5)
    assert (wisps[:, -1, 1] - guides[0, -1, 1]).std() == pytest.approx(1.0, rel=0.15)


@pytest.mark.parametrize("cell", [3, 30])
def test_neighbours_get_nearly_the_same_number(rng, cell):
    points = rng.random((500, 2)) * (160, 120)
    together = np.stack([points, points + np.array([0.1 * cell, 0]), points + np.array([0, 0.1 * cell])])
    near, right, below = strands.sample_field(rng, 120, 160, cell, together.reshape(-1, 2)).reshape(3, 500)
    assert near.shape == (500,)
    assert near.std() > 0.4
    for other in (right, below):
        assert np.abs(near - other).mean() < 0.35 * near.std()


def test_points_outside_take_the_borders_number():
    points = np.array([(-30.0, 50), (0, 50), (40, -9), (40, 0), (500, 500), (96, 70)])
    numbers = strands.sample_field(np.random.default_rng(0), 71, 97, 9, points)
    np.testing.assert_array_equal(numbers[::2], numbers[1::2])
