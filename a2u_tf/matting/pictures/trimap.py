"""Trimaps: what their levels mean."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, KNOWN_WITHIN, UNKNOWN, is_background, is_foreground
from a2u_tf.types import Array


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
    """Return a trimap, or the levels of a mask, as 0, 128 and 255 alone.

    Args:
        levels: Integers or floats of any shape, not empty, from 0 to 255; uint16 from 0 to 65535, divided by 257.
            Within 24 of 0 is background, within 24 of 255 foreground, all else unknown.
        name: What to call it in errors.

    Returns:
        uint8 of the same shape.

    Raises:
        ValueError: For other types and ranges, and where all is background, as where levels are 0, 1 and 2.

    Example:

    >>> exact_trimap(np.array([[1, 40, 254]]))
    array([[  0, 128, 255]], dtype=uint8)
    """
    levels = np.asarray(levels)
    highest = 65535 if levels.dtype == np.uint16 else FOREGROUND
    check_levels(levels, name, highest)
    trimap = three_levels((levels.astype(np.uint32) + 128) // 257 if highest == 65535 else levels)
    if not trimap.any():
        found, unit = np.unique(levels), highest // FOREGROUND
        listed = ", ".join(map(str, found[:5])) + ", ..." * (len(found) > 5)
        raise ValueError(
            f"{name} has neither foreground nor anything unknown: all its levels are within {KNOWN_WITHIN * unit} of "
            f"0, the background. Received: {listed}, of {highest}. "
            + ("Multiply them" if found.any() else "Paint what is not background")
            + (", levels of 8 bits by 257" if found.any() and unit > 1 else "")
            + f": {FOREGROUND * unit} is foreground, {UNKNOWN * unit} unknown."
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
