"""Hand-written digits drawn on the fly: an endless stand-in for MNIST that needs no files."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from a2u_tf.reconstruction.data.digit_strokes import glyphs
from a2u_tf.types import Array

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


def synthetic_digits(seed: int = 0, size: int = 32) -> Iterator[tuple[Array, int]]:
    """Draw hand-written digits, white on black, without end.

    The digits are our own pen strokes with a random way of writing, slant, size, place, unsteadiness, pen width,
    softness and brightness. Item `i` depends on `seed` and `i` alone, however many were drawn before it.

    Args:
        seed: Integer `>= 0`; another seed gives another endless series.
        size: Side of the images in pixels, at least 8.

    Returns:
        Iterator over `(image, label)`: image of shape `(size, size, 1)`, float32 in `[0, 1]`, 0 for the background;
        label an int in `[0, 9]`, each as likely as the others.

    Raises:
        ValueError: For a seed below 0 or a size below 8.

    Example:

    >>> image, label = next(a2u_tf.reconstruction.data.synthetic_digits(seed=1))
    >>> image.shape
    (32, 32, 1)
    """
    _check_integers(seed=seed, size=size)
    return (_draw_item(seed, index, size) for index in itertools.count())


def make_synthetic_digits(count: int, seed: int = 0, size: int = 32, start: int = 0) -> tuple[Array, Array]:
    """Draw the items `start` to `start + count - 1` of `synthetic_digits` into arrays.

    Args:
        count: Number `N >= 0` of images.
        seed: Integer `>= 0`, as in `synthetic_digits`.
        size: Side of the images in pixels, at least 8.
        start: Index `>= 0` of the first item. Ranges that do not overlap are disjoint data, as for train and test.

    Returns:
        `(images, labels)`: float32 of shape `(N, size, size, 1)` in `[0, 1]`, and uint8 of shape `(N,)` in `[0, 9]`.

    Raises:
        ValueError: For an argument below its bound or not an integer.
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
