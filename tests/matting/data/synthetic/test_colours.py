"""Colours: in range, close together, and painted from the first to the last."""

import colorsys

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import colours


def _hsv(table):
    return np.array([colorsys.rgb_to_hsv(*colour) for colour in table])


def test_any_colour_has_any_hue_and_is_dull_more_often_than_vivid(rng):
    drawn = np.array([colours.any_colour(rng) for _ in range(2000)])
    assert drawn.shape == (2000, 3)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    hue, saturation, value = _hsv(drawn).T
    shares = np.histogram(hue, 6, (0, 1))[0] / 2000
    np.testing.assert_allclose(shares, 1 / 6, atol=0.04)
    assert 0.6 < (saturation < 0.5).mean() < 0.85
    assert value.min() == pytest.approx(0.12, abs=0.02)
    assert value.max() > 0.95


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_palettes_hues_lie_close_to_two_at_most(rng, count):
    for _ in range(50):
        table = colours.palette(rng, count)
        assert table.shape == (count, 3)
        assert table.min() >= 0
        assert table.max() <= 1
        hue, saturation, value = _hsv(table).T
        assert value.max() >= 0.65 - 1e-9 or count == 1
        assert value.min() <= 0.6 + 1e-9
        hue = hue[(saturation > 0.02) & (value > 0.02)]
        # Mark what is near to the first hue, then what is near to the first of the rest: nothing is left.
        for _ in range(2):
            if len(hue):
                hue = hue[np.abs((hue - hue[0] + 0.5) % 1 - 0.5) > 0.2]
        assert len(hue) == 0


def test_pick_lies_between_two_rows_or_a_little_off(rng):
    table = np.array([(0.2, 0.4, 0.6), (0.6, 0.8, 0.2)])
    drawn = np.array([colours.pick(rng, table) for _ in range(500)])
    assert (drawn >= 0.9 * table.min(axis=0) - 1e-9).all()
    assert (drawn <= 1.1 * table.max(axis=0) + 1e-9).all()
    # As red rises from row to row, blue falls as much.
    share = (drawn[:, 0] - 0.2) / 0.4
    np.testing.assert_allclose(drawn[:, 2], 0.6 - 0.4 * share, atol=0.13)
    assert drawn[:, 0].min() < 0.25
    assert drawn[:, 0].max() > 0.55
    bright = np.array([colours.pick(rng, np.ones((3, 3))) for _ in range(50)])
    assert bright.max() == 1


def test_variations_differ_mostly_in_brightness(rng):
    colour = np.array([0.2, 0.3, 0.25])
    drawn = colours.vary(rng, colour, 2000, 0.2)
    assert drawn.shape == (2000, 3)
    ratio = np.log(drawn / colour)
    assert np.median(ratio, axis=0) == pytest.approx(np.zeros(3), abs=0.02)
    brightness = ratio.mean(axis=1)
    assert brightness.std() == pytest.approx(0.2, rel=0.1)
    assert (ratio - brightness[:, None]).std() < 0.4 * brightness.std()
    wild = colours.vary(rng, np.array([0.9, 0.5, 0.1]), 500, 2.0)
    assert wild.min() >= 0
    assert wild.max() == 1
    np.testing.assert_array_equal(colours.vary(rng, colour, 3, 0), np.tile(colour, (3, 1)))


def test_paint_has_its_ends_and_its_middle():
    table = np.array([(0.1, 0.9, 0.0), (0.5, 0.3, 1.0), (0.7, 0.4, 0.2)])
    field = np.float32([[0, 0.25, 0.5], [0.75, 1, 1]])
    painted = colours.paint(field, table)
    assert painted.dtype == np.float32
    assert painted.shape == (2, 3, 3)
    expected = [[table[0], table[:2].mean(0), table[1]], [table[1:].mean(0), table[2], table[2]]]
    np.testing.assert_allclose(painted, expected, atol=1 / 128)  # 256 steps from end to end


def test_paint_clips_what_is_outside_and_takes_one_colour():
    table = np.array([(0.1, 0.9, 0.0), (0.7, 0.4, 0.2)])
    np.testing.assert_allclose(colours.paint(np.float32([[-3, 4]]), table)[0], table, atol=1e-6)
    np.testing.assert_allclose(colours.paint(np.float32([[0.3, 1]]), table[:1])[0], table[[0, 0]], atol=1e-6)
