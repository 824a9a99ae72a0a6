"""Mattes and colours to PNG files."""

from pathlib import Path

import numpy as np

from a2u_tf.files import write_png
from a2u_tf.matting.pictures.picture import check_sizes, check_unit
from a2u_tf.types import Array

_ROWS = 256


def write_alpha(path: Path | str, alpha: Array, bits: int = 8) -> None:
    """Write an alpha matte as a grey PNG file, whole or not at all; a `ValueError` for what does not fit.

    Args:
        path: File to write, ending in `.png`.
        alpha: Floats of shape `(H, W)` in `[0, 1]`.
        bits: 8 or 16. The levels are `alpha * 255` or `alpha * 65535`, rounded to the nearest, ties to even.
    """
    write_png(path, _levels("alpha", alpha, (), bits), fast=True)


def write_rgb(
    path: Path | str, colours: Array, bits: int = 8, alpha: Array | None = None, profile: bytes | None = None
) -> None:
    """Write colours, with an alpha channel of their size where one is given, as `write_alpha` writes a matte.

    Args:
        path: File to write, ending in `.png`.
        colours: RGB, floats of shape `(H, W, 3)` in `[0, 1]`, not multiplied by alpha.
        bits: 8 or 16, as in `write_alpha`.
        alpha: Floats of shape `(H, W)` in `[0, 1]`, or None.
        profile: ICC profile of the colours, bytes; None for sRGB.
    """
    levels = _levels("colours", colours, (3,), bits)
    if alpha is not None:
        alpha_levels = _levels("alpha", alpha, (), bits)
        check_sizes(levels, alpha_levels, "`colours` and `alpha`")
        levels = np.dstack([levels, alpha_levels])
    write_png(path, levels, profile, fast=True)


def _levels(name: str, values: Array, channels: tuple[int, ...], bits: int) -> Array:
    """Return floats `(H, W, *channels)` in [0, 1] as integers of 8 or 16 bits."""
    values = np.asarray(values)
    if bits not in (8, 16):
        raise ValueError(f"`bits` must be 8 or 16. Received: bits={bits!r}")
    if values.ndim < 2 or values.shape[2:] != channels or not values.size:
        shape = ", ".join(["H", "W", *map(str, channels)])
        raise ValueError(f"`{name}` must have shape ({shape}). Received: {values.shape}. Index away other axes.")
    check_unit(name, values)
    levels = np.empty(values.shape, np.uint8 if bits == 8 else np.uint16)
    for rows in range(0, len(values), _ROWS):  # in float64, which for all of a large picture is too much
        levels[rows : rows + _ROWS] = np.rint(values[rows : rows + _ROWS].astype(np.float64) * (2**bits - 1))
    return levels
