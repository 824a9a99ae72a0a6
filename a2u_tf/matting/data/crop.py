"""A square crop around a random unknown pixel."""

import math
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.conventions import UNKNOWN
from a2u_tf.types import Array

MIN_UNKNOWN = 10  # with fewer unknown pixels to choose from, the crop falls anywhere


def crop(
    foreground: Array, alpha: Array, trimap: Array, background: Array, size: int, rng: Generator
) -> tuple[Array, Array, Array, Array]:
    """Cut a square around a random unknown pixel out of a foreground, its alpha and trimap, and the background.

    A background smaller than the foreground is enlarged first. A foreground that does not exceed the crop is enlarged
    to 1.1 times its side, and its background by the same factor. A trimap without unknown pixels is not cropped:
    everything is resized to the square. Backgrounds are resized bicubically, all else by the nearest pixel.

    Args:
        foreground: uint8 RGB of shape `(H, W, 3)`.
        alpha: float32 of shape `(H, W)`.
        trimap: uint8 of shape `(H, W)` with the levels 0, 128 and 255.
        background: uint8 RGB of any size.
        size: Side of the square, at least 16 pixels.
        rng: `numpy.random.Generator`.

    Returns:
        `(foreground, alpha, trimap, background)`, all of `size` x `size` pixels.

    Raises:
        ValueError: For a size below 16.
    """
    if not isinstance(size, int) or size < 16:
        raise ValueError(f"`size` of a crop must be an integer of at least 16 pixels. Received: {size!r}")
    height, width = trimap.shape
    if not (trimap == UNKNOWN).any():
        foreground, alpha, trimap = _nearest((foreground, alpha, trimap), (size, size))
        return foreground, alpha, trimap, _bicubic(background, (size, size))
    ratio = max(height / background.shape[0], width / background.shape[1])
    if ratio > 1:
        background = _bicubic(background, [math.ceil(n * ratio) for n in background.shape[:2]])
    if min(height, width) <= size:
        ratio = 1.1 * size / min(height, width)
        height, width = int(height * ratio), int(width * ratio)
        foreground, alpha, trimap = _nearest((foreground, alpha, trimap), (height, width))
        background = _enlarge_corner(background, ratio, (height, width))
    # Of the pixels that can be the centre; their indices among these are the corner of the crop.
    half = size // 2
    rows, columns = np.nonzero(trimap[half : height - half, half : width - half] == UNKNOWN)
    if len(rows) >= MIN_UNKNOWN:
        chosen = rng.integers(len(rows))
        top, left = rows[chosen], columns[chosen]
    else:
        top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
    window = np.s_[top : top + size, left : left + size]
    return foreground[window], alpha[window], trimap[window], background[window]


def _nearest(layers: Sequence[Array], size: tuple[int, int]) -> Iterator[Array]:
    return (cv2.resize(layer, size[::-1], interpolation=cv2.INTER_NEAREST) for layer in layers)


def _bicubic(picture: Array, size: Sequence[int]) -> Array:
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_CUBIC)


def _enlarge_corner(picture: Array, ratio: float, size: tuple[int, int]) -> Array:
    """Return at least the corner `size` of the enlarged picture; the whole may be huge."""
    scales = [int(n * ratio) / n for n in picture.shape[:2]]
    # A bicubic pixel reads two beyond its own.
    height, width = (math.ceil(n / scale) + 3 for n, scale in zip(size, scales, strict=True))
    return cv2.resize(picture[:height, :width], None, fx=scales[1], fy=scales[0], interpolation=cv2.INTER_CUBIC)
