"""Trimaps made of alpha mattes and of rough masks."""

import cv2
import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, UNKNOWN
from a2u_tf.matting.pictures.trimap import exact_trimap
from a2u_tf.types import Array

# What a level may lack to 0 or 1 and still be counted as known.
TOLERANCE = 1e-5
# Up to here trimaps are, to the pixel, those that the released model was trained on; a kernel's time grows with its
# width squared, so that wider ones are discs by distance.
MAX_ELLIPSE = 29


def trimap_from_alpha(alpha: ArrayLike, foreground_width: int, background_width: int) -> Array:
    """Make a trimap: foreground where alpha is 1, background where it is 0, both eroded; unknown between them.

    The kernels are discs of `width` x `width` pixels, so that the unknown region grows by about half the width on
    each side. The border of the picture does not erode.

    Args:
        alpha: Floats of shape `(H, W)` in `[0, 1]`.
        foreground_width: Diameter of the kernel that erodes the foreground, in pixels; 1 leaves it as it is.
        background_width: The same for the background.

    Returns:
        uint8 of shape `(H, W)`: 0 background, 128 unknown, 255 foreground.

    Raises:
        ValueError: For a width that is no positive integer.

    Example:

    >>> trimap_from_alpha(np.array([[0, 0, 0, 0.5, 1]]), 1, 3)
    array([[  0,   0, 128, 128, 255]], dtype=uint8)
    """
    alpha = np.asarray(alpha, np.float32)
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    trimap[_erode(alpha + TOLERANCE >= 1, foreground_width)] = FOREGROUND
    trimap[_erode(1 - alpha + TOLERANCE >= 1, background_width)] = BACKGROUND
    return trimap


def trimap_from_mask(mask: ArrayLike, width: int) -> Array:
    """Make a trimap from a rough mask or an earlier matte.

    Unknown is what the mask half covers, and a band along its edges.

    Args:
        mask: Shape `(H, W)`: booleans, floats in `[0, 1]`, or integers as `exact_trimap` takes them. What is within
            24/255 of 0 or 1 counts as 0 or 1.
        width: Width of the band along a hard edge, in pixels, half on each side; soft edges add theirs.

    Returns:
        uint8 of shape `(H, W)`: 0 background, 128 unknown, 255 foreground.

    Raises:
        ValueError: For a width that is no positive integer, for values outside the range, and where nothing is even
            half covered, as in a mask of the integers 0 and 1.

    Example:

    >>> trimap_from_mask(np.array([[0, 0, 0, 1.0, 1, 1]]), 2)
    array([[  0,   0, 128, 128, 255, 255]], dtype=uint8)
    """
    _check_width(width)
    mask = np.asarray(mask)
    if mask.dtype.kind in "bf":
        if not (mask.min() >= 0 and mask.max() <= 1):
            raise ValueError(
                f"`mask` of floats must lie in [0, 1]. Received: from {mask.min()} to {mask.max()}. Divide it."
            )
        mask = np.rint(FOREGROUND * mask.astype(np.float32))
    # A kernel of n pixels takes away n - 1 on both sides of an edge together.
    return trimap_from_alpha(exact_trimap(mask, "`mask`") / FOREGROUND, int(width) + 1, int(width) + 1)


def _erode(mask: Array, width: int) -> Array:
    _check_width(width)
    pixels, width = mask.view(np.uint8), int(width)
    if width <= MAX_ELLIPSE:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
        return cv2.erode(pixels, kernel).view(bool)
    if width % 2 == 0:  # one more than the disc, on the side where ellipses of even widths have it
        return _erode(_erode(mask, width - 1), 2)
    distance = cv2.distanceTransform(pixels, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance > min(width // 2, sum(mask.shape))


def _check_width(width: int) -> None:
    if not isinstance(width, int | np.integer) or width < 1:
        raise ValueError(
            f"The widths of a trimap must be integers of at least 1, diameters in pixels. Received: {width!r}"
        )
