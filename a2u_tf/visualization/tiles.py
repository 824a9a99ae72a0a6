"""What sheets are made of: titles, pictures fitted into squares, and colours for numbers."""

import cv2
import numpy as np

from a2u_tf.types import Array

MARGIN = 4
HEADER = 22
GREY = 64  # of what surrounds the pictures
FONT, WHITE = cv2.FONT_HERSHEY_SIMPLEX, (255, 255, 255)
_LESS, _EVEN, _MORE = (33, 102, 172), (247, 247, 247), (178, 24, 43)  # RGB


def title(text: str, width: int) -> Array:
    """Return a line of text, RGB of shape `(HEADER, width, 3)`."""
    line = np.full((HEADER, width, 3), GREY, np.uint8)
    return cv2.putText(line, text, (0, HEADER - 7), FONT, 0.45, WHITE, 1, cv2.LINE_AA)


def fitted(tile: Array, side: int) -> Array:
    """Return a picture `(H, W, 3)` enlarged or reduced into a square, with a margin to the right and below."""
    zoom = side / max(tile.shape[:2])
    width, height = (max(1, round(zoom * length)) for length in tile.shape[1::-1])
    tile = cv2.resize(tile, (width, height), interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_NEAREST)
    padding = [(0, side - height + MARGIN), (0, side - width + MARGIN), (0, 0)]
    return np.pad(tile, padding, constant_values=GREY)


def rgb(picture: Array) -> Array:
    """Return floats `(H, W, 1 or 3)` in [0, 1] as RGB, uint8."""
    levels = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(levels, (*levels.shape[:2], 3)))


def signed_colours(values: Array, limit: float) -> Array:
    """Return an array as RGB, uint8, of one axis more: `-limit` and less blue, 0 white, `limit` and more red."""
    anchors = np.array([_LESS, _EVEN, _MORE], np.float32)
    colours = [np.interp(values, (-limit, 0, limit), anchors[:, channel]) for channel in range(3)]
    return np.rint(np.stack(colours, axis=-1)).astype(np.uint8)


def unsigned_colours(values: Array, limit: float) -> Array:
    """Colour an array `(H, W)`: 0 black, `limit` and more yellow. Returns RGB, uint8."""
    levels = np.rint(255 * np.clip(values / limit, 0, 1)).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
