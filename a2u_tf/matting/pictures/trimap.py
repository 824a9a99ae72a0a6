"""Trimaps: what their levels mean, and how they are made of alpha mattes and of rough masks."""

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, KNOWN_WITHIN, UNKNOWN, is_background, is_foreground
from a2u_tf.matting.pictures.picture import as_8_bits, check_unit
from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Array

TOLERANCE = 1e-5  # what a matte may lack to 0 or 1 and still be known
# Up to here trimaps are, to the pixel, those that the released model was trained on; a kernel's time grows with its
# width squared, so that wider ones are discs by distance.
MAX_ELLIPSE = 29


@dataclasses.dataclass(frozen=True)
class Trimap:
    """A trimap whose levels are exact; NumPy takes it for them.

    Attributes:
        levels: As of `exact_trimap`, uint8 of shape `(H, W)`: 0 background, 128 unknown, 255 foreground.
        path: File that it was read from, or None.
    """

    levels: Array
    path: Path | None = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.levels, dtype, copy=copy)

    @property
    def unknown(self) -> Array:
        """Where it is unknown, booleans of shape `(H, W)`."""
        return np.equal(self.levels, UNKNOWN)

    @property
    def lacks(self) -> str:
        """What it lacks, to be put behind its name; empty where it lacks nothing."""
        kinds = {"sure foreground": FOREGROUND, "sure background": BACKGROUND, "unknown region": UNKNOWN}
        lacking = [kind for kind, level in kinds.items() if not (self.levels == level).any()]
        return f"has no {' and no '.join(lacking)}." if lacking else ""


def three_levels(levels: ArrayLike) -> Array:
    """Return levels `(...)` from 0 to 255 as those they count as, uint8: 0, 128 or 255."""
    levels = np.asarray(levels)
    trimap = np.full(levels.shape, UNKNOWN, np.uint8)
    trimap[is_background(levels)] = BACKGROUND
    trimap[is_foreground(levels)] = FOREGROUND
    return trimap


def exact_trimap(levels: ArrayLike, name: str = "`trimap`") -> Array:
    """Return a trimap, or the levels of a mask, as 0, 128 and 255 alone: uint8 of the same shape.

    Args:
        levels: Integers or floats of any shape, not empty, from 0 to 255; uint16 from 0 to 65535, divided by 257.
            Within 24 of 0 is background, within 24 of 255 foreground, all else unknown.
        name: What to call it in errors.

    Raises:
        ValueError: For other types and ranges, and where all is background, as where levels are 0, 1 and 2.

    Example:

    >>> exact_trimap(np.array([[1, 40, 254]]))
    array([[  0, 128, 255]], dtype=uint8)
    """
    levels = np.asarray(levels)
    unit = 257 if levels.dtype == np.uint16 else 1
    check_levels(levels, name, FOREGROUND * unit)
    trimap = three_levels(as_8_bits(levels))
    if not trimap.any():
        found = np.unique(levels)
        listed = ", ".join(map(str, found[:5])) + ", ..." * (len(found) > 5)
        way_out = "Multiply them" if found.any() else "Paint what is not background"
        raise ValueError(
            f"{name} has neither foreground nor anything unknown: all its levels are within {KNOWN_WITHIN * unit} of "
            f"0, the background. Received: {listed}, of {FOREGROUND * unit}. {way_out}: {FOREGROUND * unit} is "
            f"foreground, {UNKNOWN * unit} unknown."
        )
    return trimap


def check_levels(levels: Array, name: str, highest: int = FOREGROUND) -> None:
    """Raise `ValueError` for an array that does not hold numbers from 0 to `highest`."""
    if levels.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold integers or floats from 0 to {highest}. Received dtype: {levels.dtype}")
    low, high = levels.min(), levels.max()
    if not (low >= 0 and high <= highest):  # phrased so that NaN fails
        raise ValueError(
            f"{name} must have finite values from 0 to {highest}. Received values from {low} to {high}. Divide "
            "pictures of 16 bits by 257; clip what overshoots."
        )


def trimap_from_alpha(alpha: ArrayLike, foreground_width: int, background_width: int) -> Array:
    """Make a trimap: 255 where alpha is 1, 0 where it is 0, both eroded; 128, unknown, between them.

    The kernels are discs of `width` x `width` pixels, so that the unknown region grows by about half the width on
    each side. The border of the picture does not erode.

    Args:
        alpha: Floats of shape `(H, W)` in `[0, 1]`.
        foreground_width: Diameter of the kernel that erodes the foreground, in pixels, at least 1, which leaves it as
            it is.
        background_width: The same for the background.

    Returns:
        uint8 of shape `(H, W)`.

    Example:

    >>> trimap_from_alpha(np.array([[0, 0, 0, 0.5, 1]]), 1, 3)
    array([[  0,   0, 128, 128, 255]], dtype=uint8)
    """
    widths = positive_integers(foreground_width=foreground_width, background_width=background_width)
    alpha = np.asarray(alpha, np.float32)
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    trimap[_erode(alpha + TOLERANCE >= 1, widths[0])] = FOREGROUND
    trimap[_erode(1 - alpha + TOLERANCE >= 1, widths[1])] = BACKGROUND
    return trimap


def trimap_from_mask(mask: ArrayLike, width: int) -> Array:
    """Make a trimap from a rough mask or an earlier matte; unknown is what it half covers, and a band along its edges.

    Args:
        mask: Shape `(H, W)`: booleans, floats in `[0, 1]`, or integers as `exact_trimap` takes them. What is within
            24/255 of 0 or 1 counts as 0 or 1.
        width: Width of the band along a hard edge, in pixels, half on each side; soft edges add theirs.

    Raises:
        ValueError: For a width below 1, values outside the range, and where nothing is even half covered, as in a mask
            of the integers 0 and 1.

    Example:

    >>> trimap_from_mask(np.array([[0, 0, 0, 1.0, 1, 1]]), 2)
    array([[  0,   0, 128, 128, 255, 255]], dtype=uint8)
    """
    (width,) = positive_integers(width=width)
    mask = np.asarray(mask)
    if mask.dtype.kind == "f":
        check_unit("mask", mask, "floats in [0, 1], booleans, or integers up to 255 or 65535")
    if mask.dtype.kind in "bf":
        mask = np.rint(FOREGROUND * mask.astype(np.float32))
    # A kernel of n pixels takes away n - 1 on both sides of an edge together.
    return trimap_from_alpha(exact_trimap(mask, "`mask`") / FOREGROUND, width + 1, width + 1)


def _erode(mask: Array, width: int) -> Array:
    pixels = mask.view(np.uint8)
    if width <= MAX_ELLIPSE:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
        return cv2.erode(pixels, kernel).view(bool)
    if width % 2 == 0:  # one more than the disc, on the side where ellipses of even widths have it
        return _erode(_erode(mask, width - 1), 2)
    distance = cv2.distanceTransform(pixels, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance > min(width // 2, sum(mask.shape))
