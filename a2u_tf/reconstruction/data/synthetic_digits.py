"""Hand-written digits drawn on the fly: an endless stand-in for MNIST that needs no files."""

import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from a2u_tf.types import Array

Stroke: TypeAlias = list[tuple[float, float]]
SAMPLES_PER_SEGMENT = 3
SUPERSAMPLING = 4
SUBPIXEL_BITS = 4
MIN_SIZE = 8

# The hand: what is drawn for every digit, uniformly between two bounds. Shifts, height and blur are fractions of the
# image's side, the pen's width one of the digit's height.
HAND = {
    "rotation": (-np.deg2rad(15), np.deg2rad(15)),
    "shear": (-0.35, 0.12),
    "height": (0.60, 0.76),
    "aspect": (0.65, 1.05),
    "right": (-0.06, 0.06),
    "down": (-0.06, 0.06),
    "pen": (0.080, 0.160),
    "blur": (0.010, 0.022),
    "intensity": (0.80, 1.00),
}
LOW, HIGH = np.array(list(HAND.values())).T
JITTER = 0.022  # the unsteadiness: standard deviation of every point, in units of the digit's height
MARGIN = 0.06  # stays free of ink along each edge, apart from the blur

# A line for each way to write a digit: its strokes (between slashes), per stroke its points "x,y" in hundredths of the
# digit's height, x to the right and y down. A stroke is a smooth curve through its points, closed where it ends at its
# first point. Strokes that share a point stay joined there, with a corner.
STROKES = """
0: 50,00 22,18 14,52 26,88 50,100 76,86 86,50 76,14 50,00
0: 62,03 36,06 17,32 16,68 36,97 66,92 85,60 82,26 60,04 46,06
0: 46,04 24,26 20,66 40,98 66,90 80,54 74,18 54,00 34,10
1: 54,00 51,34 49,68 47,100
1: 30,24 44,14 56,00 / 56,00 54,34 53,68 52,100
1: 28,22 42,12 53,00 / 53,00 52,50 51,99 / 26,100 51,99 76,98
2: 18,24 32,05 56,00 77,14 76,36 58,62 36,84 16,98 / 16,98 50,97 86,95
2: 20,18 40,01 66,04 78,24 68,52 46,80 24,97 13,87 28,77 50,88 72,100 90,92
2: 22,16 44,00 68,08 72,32 54,60 18,93 / 18,93 36,88 60,97 84,94
3: 20,12 42,00 68,06 76,24 62,41 40,47 / 40,47 66,51 82,70 70,92 44,100 18,90
3: 20,03 48,03 76,02 / 76,02 60,22 44,41 / 44,41 68,46 81,66 70,90 44,100 18,90
3: 18,16 40,01 66,08 70,28 52,44 44,50 58,51 78,64 76,86 52,100 24,95
4: 24,02 21,28 19,52 / 19,52 48,53 88,50 / 72,06 69,52 65,100
4: 66,00 42,32 14,66 / 14,66 50,66 90,64 / 66,00 65,50 63,100
4: 26,00 19,24 20,46 40,55 62,48 74,34 / 78,02 74,34 69,66 66,100
5: 80,02 54,03 28,04 / 28,04 25,22 22,42 / 22,42 44,36 70,45 80,66 68,90 42,100 16,93
5: 82,00 60,05 36,04 / 36,04 30,20 24,38 / 24,38 50,42 72,58 72,82 50,98 18,97
5: 84,04 60,02 38,10 30,28 44,42 66,54 74,74 58,95 34,100 16,88
6: 66,00 42,18 24,46 20,74 34,97 58,98 76,82 72,60 54,51 34,60 22,78
6: 48,00 32,26 22,58 27,88 50,100 74,90 79,70 62,56 42,61 27,78
6: 76,06 54,04 32,24 20,54 24,84 46,100 70,90 76,66 58,48 36,54 23,70
7: 14,06 48,04 82,03 / 82,03 66,34 52,66 42,100
7: 14,06 48,05 82,02 / 82,02 64,36 50,68 40,100 / 34,50 56,49 78,48
7: 16,20 17,06 / 17,06 48,06 80,03 / 80,03 66,28 58,62 56,100
7: 12,14 30,04 52,09 70,05 80,10 74,32 60,62 50,100
8: 50,00 28,10 27,30 50,46 74,64 75,88 50,100 25,88 26,64 50,46 72,30 71,10 50,00
8: 74,10 50,00 28,12 32,34 54,48 72,68 66,92 44,100 25,86 32,64 54,46 72,26 74,10
8: 50,00 29,08 26,28 48,44 70,30 70,09 50,00 / 48,44 25,60 23,86 48,100 74,86 74,60 48,44
9: 76,12 54,00 30,08 22,30 36,49 58,44 76,12 / 76,12 74,42 71,70 68,100
9: 76,20 60,00 34,06 24,28 38,48 62,42 76,20 76,48 66,78 46,98 24,94
9: 72,08 46,01 25,22 30,45 54,46 70,28 72,08 / 72,08 70,36 60,70 44,100
"""


def synthetic_digits(seed: int = 0, size: int = 32) -> Iterator[tuple[Array, int]]:
    """Draw hand-written digits, white on black, without end.

    The digits are our own pen strokes with a random way of writing, slant, size, place, unsteadiness, pen width,
    softness and brightness. Item `i` depends on `seed` and `i` alone, however many were drawn before it.

    Args:
        seed: Integer `>= 0`; another seed gives another endless series.
        size: Side of the images in pixels, at least 8.

    Returns:
        Iterator over `(image, label)`: image of shape `(size, size, 1)`, float32 in `[0, 1]`, 0 for the background;
        label an int in `[0, 9]`, each as likely as the others. Other arguments are a `ValueError`.
    """
    _check_integers(seed=seed, size=size)
    return (_draw_item(seed, index, size) for index in itertools.count())


def make_synthetic_digits(count: int, seed: int = 0, size: int = 32, start: int = 0) -> tuple[Array, Array]:
    """Draw the items `start` to `start + count - 1` of `synthetic_digits` into arrays.

    Args:
        count: Number `N >= 0` of images.
        seed, size: As of `synthetic_digits`.
        start: Index `>= 0` of the first item. Ranges that do not overlap are disjoint data, as for train and test.

    Returns:
        `(images, labels)`: float32 of shape `(N, size, size, 1)` in `[0, 1]`, and uint8 of shape `(N,)` in `[0, 9]`.
    """
    _check_integers(count=count, seed=seed, size=size, start=start)
    images = np.empty((count, size, size, 1), np.float32)
    labels = np.empty(count, np.uint8)
    for position in range(count):
        images[position], labels[position] = _draw_item(seed, start + position, size)
    return images, labels


def _check_integers(**values: object) -> None:
    for name, value in values.items():
        least = MIN_SIZE if name == "size" else 0
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {value!r}")


def _draw_item(seed: int, index: int, size: int) -> tuple[Array, int]:
    import cv2  # not with the package: most of its users draw no digits

    rng = np.random.default_rng([seed, index])
    label = int(rng.integers(10))
    ways = glyphs(label)
    glyph = ways[rng.integers(len(ways))]
    hand = dict(zip(HAND, (LOW + (HIGH - LOW) * rng.random(len(HAND))).tolist(), strict=True))
    points = glyph.points + JITTER * rng.standard_normal(glyph.points.shape)
    width = hand["pen"] * hand["height"]
    ink = _place(glyph.curves @ (points @ _slant(hand)), hand, room=1 - width - 2 * MARGIN)
    image = _draw_lines(ink, glyph.breaks, width, size)
    image = cv2.GaussianBlur(image, (0, 0), hand["blur"] * size)
    # Blur dims thin strokes; a pen leaves them as bright as thick ones.
    image *= hand["intensity"] / image.max()
    return image[..., None], label


def _slant(hand: Mapping[str, float]) -> Array:
    """The matrix that scales, shears and turns points in rows: `p @ matrix`."""
    height, cosine, sine = hand["height"], math.cos(hand["rotation"]), math.sin(hand["rotation"])
    width = height * hand["aspect"]
    shear = height * hand["shear"]
    return np.array([[width * cosine, width * sine], [shear * cosine - height * sine, shear * sine + height * cosine]])


def _place(ink: Array, hand: Mapping[str, float], room: float) -> Array:
    """Move the ink's middle close to the image's, so that all of it stays in a square of side `room` around there."""
    first, last = ink.min(axis=0), ink.max(axis=0)
    zoom = min(1.0, room / (last - first).max())
    free = (room - zoom * (last - first)) / 2
    placed: Array = ink * zoom + (0.5 + np.clip((hand["right"], hand["down"]), -free, free) - zoom * (first + last) / 2)
    return placed


def _draw_lines(ink: Array, breaks: Sequence[int], width: float, size: int) -> Array:
    """The polylines drawn with a round pen, antialiased: float32 `(size, size)` in `[0, 1]`."""
    import cv2

    side = size * SUPERSAMPLING
    canvas = np.zeros((side, side), np.uint8)
    # OpenCV counts from the centre of the first pixel, hence the half.
    unit = 2**SUBPIXEL_BITS
    fixed = np.rint(ink * (side * unit) - 0.5 * unit).astype(np.int32)
    lines = [fixed[start:end] for start, end in itertools.pairwise((0, *breaks, len(fixed)))]
    cv2.polylines(canvas, lines, False, 255, max(1, round(width * side)), cv2.LINE_8, SUBPIXEL_BITS)
    image = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
    return image.astype(np.float32) / 255


class Glyph(NamedTuple):
    """One way to write a digit."""

    points: Array  # distinct points of the pen, `(K, 2)`, x and y in [0, 1]
    curves: Array  # `(samples, K)`: turns the points, moved at will, into fine polylines, stroke after stroke
    breaks: tuple[int, ...]  # where in the samples the second and further strokes start


@functools.cache
def glyphs(digit: int) -> tuple[Glyph, ...]:
    """Return the ways to write a digit of 0 to 9."""
    ways = [line.partition(": ") for line in STROKES.split("\n")]
    return tuple(_make_glyph(parse_strokes(strokes)) for way, _, strokes in ways if way == str(digit))


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
