"""The ten digits as pen strokes: the points a pen goes through, and smooth curves through them."""

import functools
from typing import NamedTuple, TypeAlias

import numpy as np

from a2u_tf.types import Array

SAMPLES_PER_SEGMENT = 3
Stroke: TypeAlias = list[tuple[float, float]]

# Per digit the ways to write it, per way its strokes (between slashes), per stroke its points "x,y" in hundredths of
# the digit's height, x to the right and y down. A stroke is a smooth curve through its points, closed where it ends at
# its first point. Strokes that share a point stay joined there, with a corner.
STROKES = {
    0: (
        "50,00 22,18 14,52 26,88 50,100 76,86 86,50 76,14 50,00",
        "62,03 36,06 17,32 16,68 36,97 66,92 85,60 82,26 60,04 46,06",
        "46,04 24,26 20,66 40,98 66,90 80,54 74,18 54,00 34,10",
    ),
    1: (
        "54,00 51,34 49,68 47,100",
        "30,24 44,14 56,00 / 56,00 54,34 53,68 52,100",
        "28,22 42,12 53,00 / 53,00 52,50 51,99 / 26,100 51,99 76,98",
    ),
    2: (
        "18,24 32,05 56,00 77,14 76,36 58,62 36,84 16,98 / 16,98 50,97 86,95",
        "20,18 40,01 66,04 78,24 68,52 46,80 24,97 13,87 28,77 50,88 72,100 90,92",
        "22,16 44,00 68,08 72,32 54,60 18,93 / 18,93 36,88 60,97 84,94",
    ),
    3: (
        "20,12 42,00 68,06 76,24 62,41 40,47 / 40,47 66,51 82,70 70,92 44,100 18,90",
        "20,03 48,03 76,02 / 76,02 60,22 44,41 / 44,41 68,46 81,66 70,90 44,100 18,90",
        "18,16 40,01 66,08 70,28 52,44 44,50 58,51 78,64 76,86 52,100 24,95",
    ),
    4: (
        "24,02 21,28 19,52 / 19,52 48,53 88,50 / 72,06 69,52 65,100",
        "66,00 42,32 14,66 / 14,66 50,66 90,64 / 66,00 65,50 63,100",
        "26,00 19,24 20,46 40,55 62,48 74,34 / 78,02 74,34 69,66 66,100",
    ),
    5: (
        "80,02 54,03 28,04 / 28,04 25,22 22,42 / 22,42 44,36 70,45 80,66 68,90 42,100 16,93",
        "82,00 60,05 36,04 / 36,04 30,20 24,38 / 24,38 50,42 72,58 72,82 50,98 18,97",
        "84,04 60,02 38,10 30,28 44,42 66,54 74,74 58,95 34,100 16,88",
    ),
    6: (
        "66,00 42,18 24,46 20,74 34,97 58,98 76,82 72,60 54,51 34,60 22,78",
        "48,00 32,26 22,58 27,88 50,100 74,90 79,70 62,56 42,61 27,78",
        "76,06 54,04 32,24 20,54 24,84 46,100 70,90 76,66 58,48 36,54 23,70",
    ),
    7: (
        "14,06 48,04 82,03 / 82,03 66,34 52,66 42,100",
        "14,06 48,05 82,02 / 82,02 64,36 50,68 40,100 / 34,50 56,49 78,48",
        "16,20 17,06 / 17,06 48,06 80,03 / 80,03 66,28 58,62 56,100",
        "12,14 30,04 52,09 70,05 80,10 74,32 60,62 50,100",
    ),
    8: (
        "50,00 28,10 27,30 50,46 74,64 75,88 50,100 25,88 26,64 50,46 72,30 71,10 50,00",
        "74,10 50,00 28,12 32,34 54,48 72,68 66,92 44,100 25,86 32,64 54,46 72,26 74,10",
        "50,00 29,08 26,28 48,44 70,30 70,09 50,00 / 48,44 25,60 23,86 48,100 74,86 74,60 48,44",
    ),
    9: (
        "76,12 54,00 30,08 22,30 36,49 58,44 76,12 / 76,12 74,42 71,70 68,100",
        "76,20 60,00 34,06 24,28 38,48 62,42 76,20 76,48 66,78 46,98 24,94",
        "72,08 46,01 25,22 30,45 54,46 70,28 72,08 / 72,08 70,36 60,70 44,100",
    ),
}


class Glyph(NamedTuple):
    """One way to write a digit."""

    points: Array  # distinct points of the pen, `(K, 2)`, x and y in [0, 1]
    curves: Array  # `(samples, K)`: turns the points, moved at will, into fine polylines, stroke after stroke
    breaks: tuple[int, ...]  # where in the samples the second and further strokes start


@functools.cache
def glyphs(digit: int) -> tuple[Glyph, ...]:
    """Return the ways to write a digit of 0 to 9."""
    return tuple(_make_glyph(parse_strokes(text)) for text in STROKES[digit])


def parse_strokes(text: str) -> list[Stroke]:
    """Return the strokes of one way of writing, each a list of points `(x, y)` in `[0, 1]`."""
    strokes = [[point.split(",") for point in stroke.split()] for stroke in text.split("/")]
    return [[(int(x) / 100, int(y) / 100) for x, y in stroke] for stroke in strokes]


def _make_glyph(strokes: list[Stroke]) -> Glyph:
    points = sorted({point for stroke in strokes for point in stroke})
    chosen = np.eye(len(points))
    curves = [
        _spline_matrix(len(stroke), closed=stroke[0] == stroke[-1]) @ chosen[[points.index(point) for point in stroke]]
        for stroke in strokes
    ]
    ends = np.cumsum([len(curve) for curve in curves])
    return Glyph(np.array(points), np.vstack(curves), tuple(ends[:-1].tolist()))


def _spline_matrix(count: int, closed: bool) -> Array:
    """Return the matrix `(samples, count)` of the uniform Catmull-Rom spline through `count` points.

    Between `p1` and `p2` the curve is `[1 u u^2 u^3] M [p0 p1 p2 p3]` for `u` in `[0, 1]`. A closed stroke (its last
    point is its first) takes the neighbours around the seam; an open one continues straight at its ends.
    """
    basis = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])
    u = np.arange(SAMPLES_PER_SEGMENT) / SAMPLES_PER_SEGMENT
    weights = np.stack([u**0, u, u**2, u**3], axis=1) @ basis
    identity = np.eye(count)
    before = identity[-2] if closed else 2 * identity[0] - identity[1]
    after = identity[1] if closed else 2 * identity[-1] - identity[-2]
    padded = np.vstack([before, identity, after])
    segments = [weights @ padded[start : start + 4] for start in range(count - 1)]
    return np.vstack([*segments, identity[-1:]])
