"""Trimaps from alpha mattes and from rough masks."""

import cv2
import numpy as np

from a2u_tf.conventions import BACKGROUND, FOREGROUND, UNKNOWN

# What a level may lack to 0 or 1 and still be counted as known.
TOLERANCE = 1e-5
# What a level of a mask may lack: JPEG and earlier mattes leave traces where nothing is meant.
TRACES = 5 / 255


def trimap_from_alpha(alpha, foreground_width, background_width):
    """Make a trimap: foreground where alpha is 1, background where it is 0, both eroded; unknown between them.

    The kernels are ellipses of `width` x `width` pixels, so that the unknown region grows by about half the width on
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


def trimap_from_mask(mask, width):
    """Make a trimap from a rough mask or an earlier matte.

    Unknown is what the mask half covers, and a band along its edges.

    Args:
        mask: Floats of shape `(H, W)` in `[0, 1]`. What is within 5/255 of 0 or 1 counts as 0 or 1.
        width: Width of the band along a hard edge, in pixels, half on each side; soft edges add theirs.

    Returns:
        uint8 of shape `(H, W)`: 0 background, 128 unknown, 255 foreground.

    Raises:
        ValueError: For a width that is no positive integer.

    Example:

    >>> trimap_from_mask(np.array([[0, 0, 0, 1, 1, 1]]), 2)
    array([[  0,   0, 128, 128, 255, 255]], dtype=uint8)
    """
    _check_width(width)
    mask = (np.asarray(mask, np.float32) - TRACES) / (1 - 2 * TRACES)
    # A kernel of n pixels takes away n - 1 on both sides of an edge together.
    return trimap_from_alpha(np.clip(mask, 0, 1), int(width) + 1, int(width) + 1)


def _erode(mask, width):
    _check_width(width)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (int(width), int(width)))
    return cv2.erode(mask.view(np.uint8), kernel).view(bool)


def _check_width(width):
    if not isinstance(width, int | np.integer) or width < 1:
        raise ValueError(
            f"The widths of a trimap must be integers of at least 1, diameters in pixels. Received: {width!r}"
        )
