"""A picture sheet of one predicted matte, for people to look at."""

from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np

from a2u_tf.files import write_png
from a2u_tf.matting.conventions import UNKNOWN
from a2u_tf.matting.pictures.trimap import three_levels
from a2u_tf.types import Array

_TILE = 400
_WINDOW = 200  # side in pixels of the part that the second row enlarges
_MARGIN, _HEADER = 6, 24
Window: TypeAlias = tuple[int, int, int, int]  # left, top, right and bottom
_GREY, _KNOWN, _FRAME = (64, 64, 64), (16, 48, 96), (255, 200, 0)  # RGB


def matte_sheet(
    prediction: Array, target: Array, trimap: Array, path: Path | str, image: Array | None = None, title: str = ""
) -> None:
    """Write a PNG of trimap, prediction, true matte and error, and of the image if there is one.

    The first row shows them whole, the second enlarges the square in which the prediction errs most. The error is that
    of the unknown region, from black (0) to white (half the range or more); the known region is blue.

    Args:
        prediction, target, trimap: uint8 of shape `(H, W)`.
        path: PNG file to write.
        image: RGB, uint8 of shape `(H, W, 3)`.
        title: Line above the pictures.
    """
    unknown = three_levels(trimap) == UNKNOWN
    error = np.where(unknown, cv2.absdiff(prediction, target), 0).astype(np.uint8)
    shown = cv2.cvtColor(cv2.convertScaleAbs(error, alpha=2), cv2.COLOR_GRAY2RGB)
    shown[~unknown] = _KNOWN
    pictures = {} if image is None else {"image": image}
    for name, picture in (("trimap", trimap), ("prediction", prediction), ("target", target)):
        pictures[name] = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    pictures["error (white: half the range)"] = shown
    left, top, right, bottom = _worst_window(error)
    columns = [
        np.concatenate(
            [_header(name), _whole(picture, (left, top, right, bottom)), _tile(picture[top:bottom, left:right])]
        )
        for name, picture in pictures.items()
    ]
    write_png(path, np.concatenate([_header(title, len(columns)), np.concatenate(columns, axis=1)]))


def _worst_window(error: Array) -> Window:
    """Return left, top, right and bottom of the square with the most error, above all in its middle."""
    sums: Array = error.astype(np.float32)
    for _ in range(2):
        sums = cv2.blur(sums, (_WINDOW // 2, _WINDOW // 2), borderType=cv2.BORDER_CONSTANT)
    x, y = cv2.minMaxLoc(sums)[3]
    height, width = error.shape
    left = min(max(x - _WINDOW // 2, 0), max(width - _WINDOW, 0))
    top = min(max(y - _WINDOW // 2, 0), max(height - _WINDOW, 0))
    return left, top, min(left + _WINDOW, width), min(top + _WINDOW, height)


def _whole(picture: Array, window: Window) -> Array:
    """Return the tile of a whole picture with a frame around the window."""
    tile = _tile(picture)
    x, zoom = _placement(picture)
    left, top, right, bottom = (round(zoom * n) for n in window)
    cv2.rectangle(tile, (x + left, top), (x + right - 1, bottom - 1), _FRAME, 1)
    return tile


def _tile(picture: Array) -> Array:
    """Fit a picture into a column, with a margin to the right and below."""
    x, zoom = _placement(picture)
    width, height = (max(1, round(zoom * n)) for n in picture.shape[1::-1])
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_NEAREST)
    tile = np.full((height + _MARGIN, _TILE + _MARGIN, 3), _GREY, np.uint8)
    tile[:height, x : x + width] = picture
    return tile


def _placement(picture: Array) -> tuple[int, float]:
    """Return where in its column a picture begins, and how much it is enlarged: by a whole number or less than 1."""
    zoom = _TILE / max(picture.shape[:2])
    zoom = zoom if zoom < 1 else int(zoom)
    return (_TILE - max(1, round(zoom * picture.shape[1]))) // 2, zoom


def _header(text: str, columns: int = 1) -> Array:
    header = np.full((_HEADER, columns * (_TILE + _MARGIN), 3), _GREY, np.uint8)
    place = (_MARGIN, _HEADER - 7)
    text = text.encode("ascii", "backslashreplace").decode()  # which is all that OpenCV has letters for
    return cv2.putText(header, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
