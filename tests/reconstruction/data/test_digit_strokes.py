"""Digits as pen strokes."""

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

from a2u_tf.reconstruction.data.digit_strokes import SAMPLES_PER_SEGMENT, STROKES, _spline_matrix, glyphs, parse_strokes


def catmull_rom(points, before, after):
    """The same curve by SciPy: Hermite segments whose tangents are half the way between the neighbours."""
    padded = np.array([before, *points, after])
    tangents = (padded[2:] - padded[:-2]) / 2
    curve = CubicHermiteSpline(np.arange(len(points)), points, tangents)
    return curve(np.arange((len(points) - 1) * SAMPLES_PER_SEGMENT + 1) / SAMPLES_PER_SEGMENT)


def test_strokes_are_parsed():
    assert parse_strokes("00,50 100,25 / 07,00 10,01") == [[(0.0, 0.5), (1.0, 0.25)], [(0.07, 0.0), (0.1, 0.01)]]


@pytest.mark.parametrize("count", [2, 3, 6])
def test_open_stroke_is_a_catmull_rom_spline(count, rng):
    points = rng.normal(size=(count, 2))
    expected = catmull_rom(points, 2 * points[0] - points[1], 2 * points[-1] - points[-2])
    np.testing.assert_allclose(_spline_matrix(count, closed=False) @ points, expected, atol=1e-12)


def test_closed_stroke_has_no_corner_at_its_seam(rng):
    points = rng.normal(size=(5, 2))
    points[-1] = points[0]
    expected = catmull_rom(points, points[-2], points[1])
    np.testing.assert_allclose(_spline_matrix(5, closed=True) @ points, expected, atol=1e-12)


@pytest.mark.parametrize("digit", range(10))
def test_glyphs_run_through_their_points(digit):
    assert len(glyphs(digit)) == len(STROKES[digit]) >= 3
    for glyph, text in zip(glyphs(digit), STROKES[digit], strict=True):
        strokes = parse_strokes(text)
        assert sorted(map(tuple, glyph.points)) == sorted({point for stroke in strokes for point in stroke})
        assert 0 <= glyph.points.min() < glyph.points.max() <= 1
        parts = np.split(glyph.curves @ glyph.points, glyph.breaks)
        assert len(parts) == len(strokes)
        for part, stroke in zip(parts, strokes, strict=True):
            np.testing.assert_allclose(part[::SAMPLES_PER_SEGMENT], stroke, atol=1e-12)


@pytest.mark.parametrize("digit", range(10))
def test_shared_points_keep_strokes_joined(digit):
    for glyph in glyphs(digit):
        moved = glyph.points + np.random.default_rng(digit).normal(size=glyph.points.shape)
        np.testing.assert_allclose(glyph.curves.sum(axis=1), 1)  # curves move with their points
        ends = [0, *(index for start in glyph.breaks for index in (start - 1, start)), len(glyph.curves) - 1]
        for index in ends:  # a stroke ends in one of its points, wherever that was moved
            row = glyph.curves[index]
            assert np.isclose(row.max(), 1)
            np.testing.assert_allclose(row @ moved, moved[row.argmax()])
