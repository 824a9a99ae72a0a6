"""What a photograph is in memory."""

import dataclasses
from pathlib import Path

import numpy as np

from a2u_tf.types import Array


@dataclasses.dataclass(frozen=True)
class Picture:
    """A photograph.

    Attributes:
        rgb: uint8 or uint16 of shape `(H, W, 3)`.
        profile: ICC profile of these colours, bytes; None for sRGB.
        path: File that it was read from, or None.
    """

    rgb: Array
    profile: bytes | None = None
    path: Path | None = None

    @property
    def bits(self) -> int:
        """Bits of a channel, 8 or 16."""
        return 8 * self.rgb.dtype.itemsize

    def colours(self) -> Array:
        """Return float32 RGB of shape `(H, W, 3)` in [0, 1]."""
        return unit(self.rgb)


def unit(levels: Array) -> Array:
    """Return levels of 8 or 16 bits as float32 in [0, 1]."""
    return np.divide(levels, np.iinfo(levels.dtype).max, dtype=np.float32)


def as_8_bits(levels: Array) -> Array:
    """Return levels of 8 or 16 bits as uint8, rounded to the nearest."""
    return ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8) if levels.dtype == np.uint16 else levels


def over_white(rgba: Array) -> Array:
    """Lay RGBA, uint8 or uint16 of shape `(H, W, 4)` and not multiplied by alpha, over white: RGB of its dtype."""
    white = np.iinfo(rgba.dtype).max
    rgb: Array = np.rint(white - (white - rgba[..., :3]) * unit(rgba[..., 3:])).astype(rgba.dtype)
    return rgb
