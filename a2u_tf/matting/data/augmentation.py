"""Training samples: the random chain of the released model, from a source to tensors."""

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.affine import affine, affine_matrix
from a2u_tf.matting.data.crop import crop
from a2u_tf.matting.data.jitter import jitter
from a2u_tf.matting.data.sources import Source
from a2u_tf.matting.data.tensors import training_tensors
from a2u_tf.matting.pictures import merge_foregrounds, trimap_from_alpha
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
        `(input, target)`, the tensors of `training_tensors`: float32 of shapes `(crop_size, crop_size, 4)` and
        `(crop_size, crop_size, 11)`.

    Raises:
        ValueError: For a crop size below 16, or where a source returns something else than it should.
        PictureError: Where a source reads a file that is damaged.
    """
    foreground, alpha = _foreground(source, rng)
    if rng.random() < MERGED:
        foreground, alpha = merge_foregrounds(foreground, alpha, *_foreground(source, rng))
    if rng.random() < RESIZED:
        side = RESIZED_SIDE, RESIZED_SIDE
        foreground, alpha = (cv2.resize(x, side, interpolation=cv2.INTER_NEAREST) for x in (foreground, alpha))
    matrix = affine_matrix(
        alpha.shape,
        angle=rng.uniform(-MAX_ANGLE, MAX_ANGLE) if max(alpha.shape) >= ROTATED_SIDE else 0,
        scale=rng.uniform(*SCALES, 2),
        shear=rng.uniform(-MAX_SHEAR, MAX_SHEAR),
        flip=rng.random(2) < 0.5,
    )
    foreground, alpha = affine(foreground, matrix), affine(alpha, matrix)
    if rng.random() < 0.5:
        foreground, alpha = foreground[:, ::-1], alpha[:, ::-1]
    trimap = trimap_from_alpha(alpha, *rng.integers(*TRIMAP_WIDTHS, 2, endpoint=True))
    foreground, alpha, trimap, background = crop(foreground, alpha, trimap, _background(source, rng), crop_size, rng)
    foreground = jitter(foreground, alpha, int(rng.integers(*HUES)), rng.random(), rng.random())
    return training_tensors(foreground, background, alpha, trimap)


def _foreground(source: Source, rng: Generator) -> tuple[Array, Array]:
    foreground, alpha = source.foreground(rng)
    if foreground.shape != (*alpha.shape, 3) or foreground.dtype != np.uint8 or alpha.dtype != np.float32:
        raise ValueError(
            "The foreground of a source must be uint8 of shape (H, W, 3) and float32 of shape (H, W). Received from "
            f"{source}: {foreground.dtype} of shape {foreground.shape} and {alpha.dtype} of shape {alpha.shape}"
        )
    return foreground, alpha


def _background(source: Source, rng: Generator) -> Array:
    background = source.background(rng)
    if background.ndim != 3 or background.shape[2] != 3 or background.dtype != np.uint8:
        raise ValueError(
            "The background of a source must be uint8 of shape (H, W, 3). Received from "
            f"{source}: {background.dtype} of shape {background.shape}"
        )
    return background
