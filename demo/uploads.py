"""Files that a person drops on the page."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from a2u_tf.matting.pictures import read_rgb, read_trimap
from a2u_tf.types import Array

T = TypeVar("T")


def read_background(path: str) -> Array:
    """Read a background picture, RGB.

    Raises:
        PictureError: As in `read_rgb`, with the name of the file alone.
    """
    return _read(read_rgb, path)


def read_dropped_trimap(path: str) -> Array:
    """Read the levels of a trimap, as `read_trimap`.

    Raises:
        PictureError: As in `read_trimap`, with the name of the file alone.
    """
    return _read(read_trimap, path).levels


def _read(read: Callable[[str], T], path: str) -> T:
    """Call `read(path)`; errors do not tell the page where it keeps its files."""
    try:
        return read(path)
    except ValueError as error:
        raise type(error)(str(error).replace(str(path), Path(path).name)) from error


def plain_colour(text: str, height: int, width: int) -> Array:
    """Return a picture of one colour, given as "#rrggbb" or "rgba(r, g, b, a)", the two ways of a colour picker."""
    colour = bytes.fromhex(text[1:7]) if text.startswith("#") else map(float, re.findall(r"[\d.]+", text)[:3])
    return np.full((height, width, 3), np.rint(list(colour)), np.uint8)
