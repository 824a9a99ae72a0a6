"""Training samples: the random chain of the released model, from a source to tensors."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import MEAN, STANDARD_DEVIATION, UNKNOWN
from a2u_tf.matting.data.sources import Source
from a2u_tf.matting.pictures import composite, merge_foregrounds, trimap_from_alpha
from a2u_tf.matting.pictures.trimap import three_levels
from a2u_tf.types import Array

MERGED = 0.5  # of the samples have a second foreground behind the first
RESIZED = 0.25  # of the samples are resized to
RESIZED_SIDE = 640
ROTATED_SIDE = 1024  # pictures of at least this length are rotated
MAX_ANGLE = 30
MAX_SHEAR = 10
SCALES = 0.8, 1.25
TRIMAP_WIDTHS = 1, 29
HUES = -40, 40
MIN_UNKNOWN = 10  # with fewer unknown pixels to choose from, the crop falls anywhere


def training_sample(source: Source, rng: Generator, crop_size: int = 512) -> tuple[Array, Array]:
    """Compose one random sample for training.

    In this order: a foreground, half of the time over a second one; a quarter of the time resized to 640 x 640; scaled,
    sheared, flipped, and where it is large, rotated; mirrored half of the time; a trimap of random widths; a crop
    around an unknown pixel, with a background; jittered colours; the composition.

    Args:
        source: `a2u_tf.matting.data.Source`.
        rng: `numpy.random.Generator`, the only origin of chance.
        crop_size: Side of the sample in pixels, at least 16.

    Returns:
        `(input, target)`, float32 of shapes `(crop_size, crop_size, 4)` and `(crop_size, crop_size, 11)`, of
        `training_tensors`.

    Raises:
        ValueError: For a crop size below 16, or where a source returns something else than it should.
        PictureError: Where a source reads a file that is damaged.
    """
    foreground, alpha = draw_foreground(source, rng)
    if rng.random() < MERGED:
        foreground, alpha = merge_foregrounds(foreground, alpha, *draw_foreground(source, rng))
    if rng.random() < RESIZED:
        foreground, alpha = _nearest((RESIZED_SIDE, RESIZED_SIDE), foreground, alpha)
    angle = rng.uniform(-MAX_ANGLE, MAX_ANGLE) if max(alpha.shape) >= ROTATED_SIDE else 0
    scale, shear, flip = rng.uniform(*SCALES, 2), rng.uniform(-MAX_SHEAR, MAX_SHEAR), rng.random(2) < 0.5
    matrix = affine_matrix(alpha.shape, angle=angle, scale=scale, shear=shear, flip=flip)
    foreground, alpha = affine(foreground, matrix), affine(alpha, matrix)
    if rng.random() < 0.5:
        foreground, alpha = foreground[:, ::-1], alpha[:, ::-1]
    trimap = trimap_from_alpha(alpha, *rng.integers(*TRIMAP_WIDTHS, 2, endpoint=True))
    background = draw_background(source, rng)
    foreground, alpha, trimap, background = crop(foreground, alpha, trimap, background, crop_size, rng)
    foreground = jitter(foreground, alpha, int(rng.integers(*HUES)), rng.random(), rng.random())
    return training_tensors(foreground, background, alpha, trimap)


def draw_foreground(source: Source, rng: Generator) -> tuple[Array, Array]:
    """Draw a foreground from a source, or raise `ValueError` where it returns something else."""
    foreground, alpha = source.foreground(rng)
    if foreground.shape != (*alpha.shape, 3) or foreground.dtype != np.uint8 or alpha.dtype != np.float32:
        raise ValueError(
            "The foreground of a source must be uint8 of shape (H, W, 3) and float32 of shape (H, W). Received from "
            f"{source}: {foreground.dtype} of shape {foreground.shape} and {alpha.dtype} of shape {alpha.shape}"
        )
    return foreground, alpha


def draw_background(source: Source, rng: Generator) -> Array:
    """Draw a background from a source, or raise `ValueError` where it returns something else."""
    background = source.background(rng)
    if background.ndim != 3 or background.shape[2] != 3 or background.dtype != np.uint8:
        raise ValueError(
            "The background of a source must be uint8 of shape (H, W, 3). Received from "
            f"{source}: {background.dtype} of shape {background.shape}"
        )
    return background


def affine_matrix(
    size: Sequence[int], angle: float = 0, scale: ArrayLike = (1, 1), shear: float = 0, flip: ArrayLike = (False, False)
) -> Array:
    """Return the map from pixels of the result to those of the source, `(2, 3)`: flip, scale, rotate, then shear.

    Of pictures of `(height, width)`, by degrees, and by factors of width and height, as the released model was trained:
    the centre lies one pixel right of and below the middle, so that a flip moves the picture by two pixels.
    """
    height, width = size
    angle, shear = math.radians(angle), math.radians(shear)
    turn = [[math.cos(angle), math.sin(angle + shear)], [-math.sin(angle), math.cos(angle + shear)]]
    matrix = np.array(turn) * ((np.where(flip, -1.0, 1.0) / scale)[:, None] / math.cos(shear))
    centre = np.array([width / 2 + 0.5, height / 2 + 0.5])
    return np.column_stack([matrix, centre - matrix @ centre])


def affine(pixels: Array, matrix: Array) -> Array:
    """Apply an `affine_matrix` to pixels of shape `(H, W)` or `(H, W, C)`: the nearest pixel, 0 from outside."""
    return cv2.warpAffine(pixels, matrix, pixels.shape[1::-1], flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)


def crop(
    foreground: Array, alpha: Array, trimap: Array, background: Array, size: int, rng: Generator
) -> tuple[Array, Array, Array, Array]:
    """Cut a square around a random unknown pixel out of a foreground, its alpha and trimap, and the background.

    A background smaller than the foreground is enlarged first. A foreground that does not exceed the crop is enlarged
    to 1.1 times its side, and its background by the same factor. A trimap without unknown pixels is not cropped:
    everything is resized to the square. Backgrounds are resized bicubically, all else by the nearest pixel.
    """
    check_size(size)
    height, width = trimap.shape
    if not (trimap == UNKNOWN).any():
        foreground, alpha, trimap = _nearest((size, size), foreground, alpha, trimap)
        return foreground, alpha, trimap, cv2.resize(background, (size, size), interpolation=cv2.INTER_CUBIC)
    ratio = max(height / background.shape[0], width / background.shape[1])
    if ratio > 1:
        enlarged = [math.ceil(n * ratio) for n in background.shape[1::-1]]
        background = cv2.resize(background, enlarged, interpolation=cv2.INTER_CUBIC)
    if min(height, width) <= size:
        ratio = 1.1 * size / min(height, width)
        height, width = int(height * ratio), int(width * ratio)
        foreground, alpha, trimap = _nearest((height, width), foreground, alpha, trimap)
        background = _enlarge_corner(background, ratio, (height, width))
    # Of the pixels that can be the centre; their indices among these are the corner of the crop.
    half = size // 2
    corners = np.argwhere(trimap[half : height - half, half : width - half] == UNKNOWN)
    if len(corners) >= MIN_UNKNOWN:
        top, left = corners[rng.integers(len(corners))]
    else:
        top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
    window = np.s_[top : top + size, left : left + size]
    return foreground[window], alpha[window], trimap[window], background[window]


def check_size(size: int) -> None:
    """Raise `ValueError` for a side that no crop can have."""
    if not isinstance(size, int) or size < 16:
        raise ValueError(f"`size` of a crop must be an integer of at least 16 pixels. Received: {size!r}")


def _nearest(size: tuple[int, int], *layers: Array) -> list[Array]:
    return [cv2.resize(layer, size[::-1], interpolation=cv2.INTER_NEAREST) for layer in layers]


def _enlarge_corner(picture: Array, ratio: float, size: Sequence[int]) -> Array:
    """Return at least the corner `size` of the enlarged picture; the whole may be huge."""
    scales = [int(n * ratio) / n for n in picture.shape[:2]]
    # A bicubic pixel reads two beyond its own.
    height, width = (math.ceil(n / scale) + 3 for n, scale in zip(size, scales, strict=True))
    return cv2.resize(picture[:height, :width], None, fx=scales[1], fy=scales[0], interpolation=cv2.INTER_CUBIC)


def jitter(foreground: Array, alpha: Array, hue: float, saturation: float, value: float) -> Array:
    """Turn the hue of a foreground by degrees, and shift its saturation and value by a little: float32 `(H, W, 3)`.

    With `m` the mean saturation where alpha is above 0, the saturation `S` becomes
    `abs(S + (1.1 - m) * (saturation / 5 - 1 / 10))`, mirrored at 1; the value likewise. So pale colours move most, and
    0.5 of `[0, 1]` leaves both. A foreground whose alpha is 0 everywhere remains as it is.
    """
    rgb = foreground.astype(np.float32)
    seen = (alpha > 0).astype(np.uint8)
    if not seen.any():
        return rgb
    hues, *others = cv2.split(cv2.cvtColor(rgb / 255, cv2.COLOR_RGB2HSV))
    for index, amount in enumerate((saturation, value)):
        mean = cv2.mean(others[index], seen)[0]
        levels = np.abs(others[index] + np.float32((1.1 - mean) * (amount / 5 - 1 / 10)))
        others[index] = np.where(levels > 1, 2 - levels, levels)
    return cv2.cvtColor(cv2.merge([(hues + np.float32(hue)) % 360, *others]), cv2.COLOR_HSV2RGB) * 255


def network_input(image: ArrayLike, trimap: ArrayLike) -> Array:
    """Return what the network reads: RGB by ImageNet's mean and deviation, and the trimap / 255, float32 `(H, W, 4)`.

    Args:
        image: RGB of shape `(H, W, 3)`, values in `[0, 255]`.
        trimap: Levels of shape `(H, W)` in `[0, 255]`; within 24 of 0 and of 255 they count as these, else as 128.
    """
    # One matrix scales and shifts the colours: OpenCV does so without NumPy's loops over a last axis of three.
    deviation = np.array(STANDARD_DEVIATION)
    matrix = np.column_stack([np.diag(1 / (255 * deviation)), np.divide(MEAN, -deviation)])
    normalised = cv2.transform(np.asarray(image, np.float32), matrix)
    return cv2.merge([normalised, three_levels(trimap).astype(np.float32) / 255])


def training_tensors(foreground: Array, background: Array, alpha: Array, trimap: Array) -> tuple[Array, Array]:
    """Compose one sample for training.

    Args:
        foreground, background: RGB of shape `(H, W, 3)`, clipped to `[0, 255]`.
        alpha: Floats of shape `(H, W)`, clipped to `[0, 1]`.
        trimap: As in `network_input`.

    Returns:
        `(input, target)`: the `network_input` of the composition, float32 of shape `(H, W, 4)`; and float32 of shape
        `(H, W, 11)` in `[0, 1]`: alpha, 1 where the trimap is unknown, RGB of foreground, background and composition.
    """
    image, trimap = composite(foreground, background, alpha), three_levels(trimap)
    alpha = np.clip(alpha, 0, 1)
    pictures = (np.clip(picture, 0, 255, dtype=np.float32) / 255 for picture in (foreground, background, image))
    target = cv2.merge([np.asarray(layer, np.float32) for layer in (alpha, trimap == UNKNOWN, *pictures)])
    return network_input(image, trimap), target
