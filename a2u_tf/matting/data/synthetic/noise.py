"""Random fields: smooth noise, and octaves of it with the statistics of natural images."""

import math

import cv2
import numpy as np


def smooth_noise(rng, height, width, cell):
    """Draw noise whose bumps are about `cell` pixels wide.

    Args:
        rng: `numpy.random.Generator`.
        height: Rows.
        width: Columns.
        cell: Distance of the random grid's points in pixels, at least 1; or a pair `(vertical, horizontal)`.

    Returns:
        float32 of shape `(height, width)`, mean about 0, variance near 1.
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
    # Interpolation takes a part of the variance away.
    return cv2.warpAffine(grid, place, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101) * np.float32(
        1.3
    )


def fractal_noise(rng, height, width, coarsest, finest=2.0, gain=0.7):
    """Add octaves of `smooth_noise`, from bumps of `coarsest` pixels down to those of `finest`.

    With `gain = 1` every octave has the same energy: the `1 / f` amplitude spectrum of photographs (Field 1987,
    "Relations between the statistics of natural images and the response properties of cortical cells"). Smaller gains
    give the smoother fields of clouds and cloth.

    Args:
        rng: `numpy.random.Generator`.
        height: Rows.
        width: Columns.
        coarsest: Width of the largest bumps in pixels.
        finest: Width of the smallest bumps in pixels.
        gain: Amplitude of an octave, relative to that of the next coarser one.

    Returns:
        float32 of shape `(height, width)`, mean about 0, variance near 1.
    """
    octaves = 1 + max(0, int(math.log2(coarsest / finest)))
    total: np.ndarray = np.zeros((2, 2), np.float32)
    for octave in range(octaves):
        cell = coarsest / 2**octave
        rows, columns = math.ceil(height / cell) + 2, math.ceil(width / cell) + 2
        total = cv2.resize(total, (columns, rows), interpolation=cv2.INTER_CUBIC)
        total += _white_noise(rng, rows, columns) * np.float32(gain**octave)
    energy = sum(gain ** (2 * octave) for octave in range(octaves))
    total *= np.float32(1.3 / math.sqrt(energy))
    return cv2.resize(total, (width, height), interpolation=cv2.INTER_CUBIC)


def _white_noise(rng, rows, columns):
    """Return independent numbers of mean 0 and variance 1; interpolated, uniform ones look as Gaussian ones do."""
    return (rng.random((rows, columns), dtype=np.float32) - np.float32(0.5)) * np.float32(math.sqrt(12))


def stretch(field):
    """Map a field linearly onto `[0, 1]`."""
    low, high = float(field.min()), float(field.max())
    return (field - np.float32(low)) * np.float32(1 / max(high - low, 1e-6))


def grid(height, width):
    """Return the coordinates `(y, x)` of the pixels' centres, two float32 of shape `(height, width)`."""
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None]
    return np.repeat(y, width, axis=1), np.repeat(x, height, axis=0)


def displace(image, down, right, border=cv2.BORDER_REFLECT_101):
    """Return the image with every pixel taken from `down` and `right` pixels away."""
    y, x = grid(*image.shape[:2])
    return cv2.remap(image, x + right, y + down, cv2.INTER_LINEAR, borderMode=border)


def smoothstep(field, low, high):
    """Rise from 0 below `low` to 1 above `high` without a kink."""
    t = np.clip((field - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)
