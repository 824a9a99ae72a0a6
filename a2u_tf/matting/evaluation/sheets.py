"""Predicted mattes as pictures, for people to look at: a sheet of one, and a grid of many."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from a2u_tf.files import write_png
from a2u_tf.matting.conventions import UNKNOWN
from a2u_tf.matting.pictures.trimap import three_levels
from a2u_tf.types import Array
from a2u_tf.visualization import tiles

_SIDE = 400
_WINDOW = 200  # side in pixels of the part that the second row enlarges
_KNOWN, _FRAME = (16, 48, 96), (255, 200, 0)  # RGB


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
    error = cv2.absdiff(prediction, target) * unknown
    shown = np.where(unknown[..., None], _rgb(cv2.convertScaleAbs(error, alpha=2)), _KNOWN).astype(np.uint8)
    pictures = {} if image is None else {"image": image}
    pictures |= {"trimap": _rgb(trimap), "prediction": _rgb(prediction), "target": _rgb(target)}
    pictures["error (white: half the range)"] = shown
    left, top, right, bottom = window = _worst_window(error)
    columns = []
    for name, picture in pictures.items():
        whole, part = tiles.fitted(picture, _SIDE), tiles.fitted(picture[top:bottom, left:right], _SIDE)
        x, y, x_end, y_end = (round(_SIDE / max(error.shape) * n) for n in window)
        cv2.rectangle(whole, (x, y), (x_end - 1, y_end - 1), _FRAME, 1)
        columns.append(np.concatenate([tiles.title(name, whole.shape[1]), whole, part]))
    sheet = np.concatenate(columns, axis=1)
    title = title.encode("ascii", "backslashreplace").decode()  # which is all that OpenCV has letters for
    write_png(path, np.concatenate([tiles.title(title, sheet.shape[1]), sheet]))


def matting_grid(rows: Iterable[Sequence[Array]], methods: Sequence[str] = ("alpha",), side: int = 192) -> Array:
    """Return a grid, RGB, uint8, of image, trimap and truth, and alpha and error of each method, under these names.

    The error is that of the unknown region, from black (0) to white (0.5 or more).

    Args:
        rows: List of `(image, trimap, target, *predictions)`, uint8: RGB of shape `(H, W, 3)`, all others `(H, W)`;
            one prediction for each method.
        methods: Names of the methods.
        side: Side in pixels of the square that a picture is fitted into.
    """
    names = ["image", "trimap", "truth", *(name for method in methods for name in (method, "error"))]
    lines = [np.concatenate([tiles.title(name, side + tiles.MARGIN) for name in names], axis=1)]
    for image, trimap, target, *predictions in rows:
        greys, unknown = [trimap, target], three_levels(trimap) == UNKNOWN
        for prediction in predictions:
            greys += [prediction, cv2.convertScaleAbs(cv2.absdiff(prediction, target) * unknown, alpha=2)]
        lines.append(np.concatenate([tiles.fitted(picture, side) for picture in [image, *map(_rgb, greys)]], axis=1))
    return np.concatenate(lines)


def _rgb(grey: Array) -> Array:
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)


def _worst_window(error: Array) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the square with the most error, above all in its middle."""
    sums: Array = error.astype(np.float32)
    for _ in range(2):
        sums = cv2.blur(sums, (_WINDOW // 2, _WINDOW // 2), borderType=cv2.BORDER_CONSTANT)
    x, y = cv2.minMaxLoc(sums)[3]
    height, width = error.shape
    left = min(max(x - _WINDOW // 2, 0), max(width - _WINDOW, 0))
    top = min(max(y - _WINDOW // 2, 0), max(height - _WINDOW, 0))
    return left, top, min(left + _WINDOW, width), min(top + _WINDOW, height)
