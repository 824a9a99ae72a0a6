"""Random fields: smooth noise, and octaves of it with the statistics of natural images."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.types import Array


def smooth_noise(rng: Generator, height: int, width: int, cell: float | tuple[float, float]) -> Array:
    """Draw noise whose bumps are about `cell` pixels wide: float32 `(height, width)`, mean about 0, variance near 1.

    `cell` is the distance of the random grid's points in pixels, at least 1; or a pair `(vertical, horizontal)`.
    """
    down, right = cell if isinstance(cell, tuple) else (cell, cell)
    if min(down, right) >= 16:  # what is that smooth need not be drawn in full size
        small = smooth_noise(rng, -(-height // 4), -(-width // 4), (down / 4, right / 4))
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    grid = _white_noise(rng, math.ceil(height / down) + 4, math.ceil(width / right) + 4)
    # A random place, so that the grid's lines do not lie on the borders of every picture.
    top, left = (1 + rng.random(2)).tolist()
    place = np.array([[1 / right, 0, left], [0, 1 / down, top]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    noise = cv2.warpAffine(grid, place, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return noise * 1.3  # interpolation takes a part of the variance away


def fractal_noise(
    rng: Generator, height: int, width: int, coarsest: float, finest: float = 2.0, gain: float = 0.7
) -> Array:
    """Add octaves of `smooth_noise`, from bumps of `coarsest` pixels down to those of `finest`.

    With `gain = 1` every octave has the same energy: the `1 / f` amplitude spectrum of photographs (Field 1987,
    "Relations between the statistics of natural images and the response properties of cortical cells"). Smaller gains
    give the smoother fields of clouds and cloth.

    Args:
        coarsest: Width of the largest bumps in pixels.
        finest: Width of the smallest bumps in pixels.
        gain: Amplitude of an octave, relative to that of the next coarser one.

    Returns:
        float32 of shape `(height, width)`, mean about 0, variance near 1.
    """
    octaves = 1 + max(0, int(math.log2(coarsest / finest)))
    total: Array = np.zeros((2, 2), np.float32)
    for octave in range(octaves):
        cell = coarsest / 2**octave
        rows, columns = math.ceil(height / cell) + 2, math.ceil(width / cell) + 2
        total = cv2.resize(total, (columns, rows), interpolation=cv2.INTER_CUBIC)
        total = total + _white_noise(rng, rows, columns) * gain**octave
    energy = sum(gain ** (2 * octave) for octave in range(octaves))
    return cv2.resize(total * (1.3 / math.sqrt(energy)), (width, height), interpolation=cv2.INTER_CUBIC)


def _white_noise(rng: Generator, rows: int, columns: int) -> Array:
    """Return independent numbers of mean 0 and variance 1; interpolated, uniform ones look as Gaussian ones do."""
    return (rng.random((rows, columns), dtype=np.float32) - np.float32(0.5)) * np.float32(math.sqrt(12))


def stretch(field: Array) -> Array:
    """Map a field linearly onto `[0, 1]`."""
    low, high = float(field.min()), float(field.max())
    return (field - np.float32(low)) * np.float32(1 / max(high - low, 1e-6))


def quarter(field: Array) -> Array:
    """Return a field in a quarter of its size, rounded up: what is smooth need not be computed in full."""
    height, width = field.shape
    return cv2.resize(field, (-(-width // 4), -(-height // 4)), interpolation=cv2.INTER_AREA)


def grid(height: int, width: int) -> tuple[Array, Array]:
    """Return the coordinates `(y, x)` of the pixels' centres, two float32 of shape `(height, width)`."""
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None]
    return np.repeat(y, width, axis=1), np.repeat(x, height, axis=0)


def displace(image: Array, down: Array, right: Array, border: int = cv2.BORDER_REFLECT_101) -> Array:
    """Return the image with every pixel taken from `down` and `right` pixels away."""
    y, x = grid(*image.shape[:2])
    return cv2.remap(image, x + right, y + down, cv2.INTER_LINEAR, borderMode=border)


def smoothstep(field: Array, low: float, high: float) -> Array:
    """Rise from 0 below `low` to 1 above `high` without a kink."""
    t: Array = np.clip((field - np.float32(low)) / np.float32(high - low), 0, 1)
    rise: Array = t * t * (3 - 2 * t)
    return rise
