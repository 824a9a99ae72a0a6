"""Flip, scale, rotation and shear of a foreground about its centre, as the released model was trained.

The centre lies one pixel right of and below the middle of the picture, so that a flip moves it by two pixels.
"""

import math

import cv2
import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.types import Array


def affine_matrix(
    size: tuple[int, ...],
    angle: float = 0,
    scale: ArrayLike = (1, 1),
    shear: float = 0,
    flip: ArrayLike = (False, False),
) -> Array:
    """Return the map from pixels of the result to pixels of the source: flip, scale, rotate, then shear.

    Args:
        size: `(height, width)` of the picture.
        angle: Degrees.
        scale: Factors of width and height; above 1 enlarges.
        shear: Degrees, within -90 and 90.
        flip: Whether columns and rows are mirrored.

    Returns:
        float64 of shape `(2, 3)`: `source = matrix @ (x, y, 1)`, for `affine`.
    """
    height, width = size
    angle, shear = math.radians(angle), math.radians(shear)
    matrix = np.array(
        [
            [math.cos(angle), math.sin(angle + shear)],
            [-math.sin(angle), math.cos(angle + shear)],
        ]
    )
    factors = np.where(flip, -1.0, 1.0) / scale
    matrix *= factors[:, None] / math.cos(shear)
    centre = np.array([width / 2 + 0.5, height / 2 + 0.5])
    return np.column_stack([matrix, centre - matrix @ centre])


def affine(pixels: Array, matrix: Array) -> Array:
    """Apply an `affine_matrix` to pixels of shape `(H, W)` or `(H, W, C)`: the nearest pixel, 0 from outside."""
    return cv2.warpAffine(pixels, matrix, pixels.shape[1::-1], flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
