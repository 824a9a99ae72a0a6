"""A photograph in memory, and pictures laid over one another."""

import dataclasses
from pathlib import Path

import cv2
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


def check_unit(name: str, values: Array, expected: str = "floats in [0, 1]") -> None:
    """Raise `ValueError` for values that are no floats in [0, 1]."""
    if not np.issubdtype(values.dtype, np.floating) or not (values.min() >= 0 and values.max() <= 1):  # NaN fails
        raise ValueError(
            f"`{name}` must be {expected}. Received: {values.dtype} from {values.min()} to {values.max()}. Divide "
            "integers by their largest level; clip what overshoots."
        )


def check_sizes(picture: Array, levels: Array, names: str = "A picture and its alpha") -> None:
    """Raise `ValueError` unless the shapes are (H, W, 3) and (H, W), of one size and not empty."""
    if levels.ndim != 2 or picture.shape != (*levels.shape, 3) or not levels.size:
        raise ValueError(f"{names} must be of shapes (H, W, 3) and (H, W). Received: {picture.shape}, {levels.shape}")


def over_white(rgba: Array) -> Array:
    """Lay RGBA, uint8 or uint16 of shape `(H, W, 4)` and not multiplied by alpha, over white: RGB of its dtype."""
    white = np.iinfo(rgba.dtype).max
    return np.asarray(np.rint(white - (white - rgba[..., :3]) * unit(rgba[..., 3:])).astype(rgba.dtype))


def composite(foreground: Array, background: Array, alpha: Array) -> Array:
    """Lay a foreground over a background: `foreground * alpha + background * (1 - alpha)`, float32 and not rounded.

    Args:
        foreground: RGB of shape `(H, W, 3)`; values beyond `[0, 255]` are clipped.
        background: The same.
        alpha: Floats of shape `(H, W)`, the same size; values beyond `[0, 1]` are clipped.
    """
    check_sizes(foreground, alpha)
    check_sizes(background, alpha)
    alpha = _three_channels(np.clip(alpha, 0, 1, dtype=np.float32))
    foreground, background = (np.clip(picture, 0, 255, dtype=np.float32) for picture in (foreground, background))
    return np.asarray(foreground * alpha + background * (1 - alpha))


def merge_foregrounds(first: Array, first_alpha: Array, second: Array, second_alpha: Array) -> tuple[Array, Array]:
    """Lay the first foreground over the second, as one foreground with `alpha = 1 - (1 - first)(1 - second)`.

    The second is brought to the size of the first. Where that leaves nothing transparent, the first is returned alone:
    a picture that covers everything has no matte.

    Args:
        first: uint8 RGB of shape `(H, W, 3)`.
        first_alpha: float32 of shape `(H, W)` in `[0, 1]`.
        second: The same, of any size.
        second_alpha: The same, of the size of `second`.

    Returns:
        `(foreground, alpha)`, as `first` and `first_alpha`.
    """
    check_sizes(first, first_alpha)
    check_sizes(second, second_alpha)
    size = first_alpha.shape[::-1]
    second, second_alpha = (cv2.resize(x, size, interpolation=cv2.INTER_NEAREST) for x in (second, second_alpha))
    alpha = 1 - (1 - first_alpha) * (1 - second_alpha)
    if (alpha >= 1).all():
        return first, first_alpha
    weights = first_alpha, (1 - first_alpha) * second_alpha, alpha + 1e-5
    first_weight, second_weight, total = map(_three_channels, weights)
    return ((first * first_weight + second * second_weight) / total).astype(np.uint8), alpha


def _three_channels(alpha: Array) -> Array:
    """Repeat alpha along the last axis: many times faster than NumPy's loop over an axis of three."""
    return cv2.merge([alpha, alpha, alpha])
