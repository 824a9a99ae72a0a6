"""The upsampling kernels of chosen pixels in numbers, beside what they draw from."""

from collections.abc import Sequence

import cv2
import numpy as np

from a2u_tf.types import Array
from a2u_tf.visualization import tiles
from a2u_tf.visualization.kernels import KernelMap, Models, check_levels
from a2u_tf.visualization.tiles import GREY, MARGIN

CAPTION = (
    "Green: the pixel. Orange: the window that its kernel weighs.",
    "The window beside it: means of the picture; crossed out where it is outside.",
    "Weights: white 1/s^2, blue {0:.4f} less, red {0:.4f} more.",
)
_CELL = 54  # side in pixels of a weight
_FRAME, _MARK, _LINE = (255, 160, 0), (0, 160, 90), (128, 128, 128)  # RGB


def pixel_sheet(pictures: Array, models: Models, pixels: Sequence[tuple[int, int]], number: int = 0) -> Array:
    """Return a sheet with one row for each level and chosen pixel: RGB, uint8.

    A row shows the picture with the chosen pixel and a frame around the s x s low-resolution pixels that its kernel
    weighs; these pixels, as means of the picture, with a ring where the chosen pixel lies among them; and the kernel of
    each model, blue below 1/s^2, white at it, red above, on one scale for the whole sheet. What lies outside the map is
    crossed out; it counts as zero whatever its weight. Where there are groups, the mean over these is shown.

    Args:
        pictures, models, number: As of `kernel_sheet`.
        pixels: List of `(y, x)`, integers, in the picture.

    Raises:
        ValueError: For pixels outside the picture, without any, and as in `kernel_sheet`.
    """
    check_levels(pictures, models, number)
    picture = np.asarray(pictures[number], np.float32)
    height, width = picture.shape[:2]
    outside = [(y, x) for y, x in pixels if not (0 <= y < height and 0 <= x < width)]
    if outside or not pixels:
        raise ValueError(
            f"Expected pixels as (y, x) with y from 0 to {height - 1} and x from 0 to {width - 1}. Received: "
            f"{outside or pixels}"
        )
    stages = list(zip(*models.values(), strict=True))

    def kernel(level: KernelMap, pixel: tuple[int, int]) -> Array:
        return np.asarray(level.weights[(number, *_position(pixel, level, picture))].mean(axis=0))

    kernels = [kernel(level, pixel) for levels in stages for level in levels for pixel in pixels]
    limit = max(np.abs(weights - 1 / weights.size).max() for weights in kernels) or 1
    width = (2 + len(models)) * (max(levels[0].kernel_size for levels in stages) * _CELL + MARGIN)
    rows = [tiles.title(text.format(limit), width) for text in CAPTION]
    for levels in stages:
        level = levels[0]
        size, (down, right) = level.kernel_size, level.weights.shape[1:3]
        low = " x ".join(map(str, _low_size(level)))
        text = f"{level.name}: {down} x {right} kernels, each weighs {size} x {size} of {low} pixels"
        rows.append(tiles.title(text, width))
        for pixel in pixels:
            of_models = {name: kernel(other, pixel) for name, other in zip(models, levels, strict=True)}
            row = _row(picture, level, pixel, of_models, limit)
            rows.append(np.pad(row, [(0, 0), (0, width - row.shape[1]), (0, 0)], constant_values=GREY))
    return np.pad(np.concatenate(rows), [(0, 0), (MARGIN, 0), (0, 0)], constant_values=GREY)


def _position(pixel: tuple[int, int], level: KernelMap, picture: Array) -> Array:
    """The kernel that serves a pixel of the picture."""
    return np.asarray(np.array(pixel) * level.weights.shape[1:3] // picture.shape[:2])


def _low_size(level: KernelMap) -> Array:
    """Height and width of what a level upsamples."""
    return -(-np.array(level.weights.shape[1:3]) // level.scale)


def _row(picture: Array, level: KernelMap, pixel: tuple[int, int], kernels: dict[str, Array], limit: float) -> Array:
    size, low = level.kernel_size, _low_size(level)
    start = _position(pixel, level, picture) // level.scale - (size - 1) // 2
    columns = {
        f"y {pixel[0]}, x {pixel[1]}": _framed(picture, pixel, low, start, size),
        f"its {size} x {size} pixels": _source(picture, pixel, low, start, size),
        **{name: _numbers(kernel, limit) for name, kernel in kernels.items()},
    }
    side = size * _CELL
    titled = [[tiles.title(text, side + MARGIN), tiles.fitted(tile, side)] for text, tile in columns.items()]
    return np.concatenate([np.concatenate(column) for column in titled], axis=1)


def _framed(picture: Array, pixel: tuple[int, int], low: Array, start: Array, size: int) -> Array:
    """The picture with the chosen pixel and the frame of its window, which begins at `start` of `low` pixels."""
    side = size * _CELL
    zoom = side / max(picture.shape[:2])
    shown = tiles.fitted(tiles.rgb(picture), side)[:side, :side]
    cell = np.array(picture.shape[:2]) / low
    first, last = (np.rint(zoom * edge * cell).astype(int) for edge in (start, start + size))
    top, left = np.maximum(first, 0).tolist()
    bottom, right = np.minimum(last, side).tolist()
    cv2.rectangle(shown, (left, top), (right - 1, bottom - 1), _FRAME, 1)
    y, x = (round(zoom * n) for n in pixel)
    extent = max(round(zoom), 3)
    cv2.rectangle(shown, (x, y), (x + extent - 1, y + extent - 1), _MARK, -1)
    return shown


def _source(picture: Array, pixel: tuple[int, int], low: Array, start: Array, size: int) -> Array:
    """The low-resolution pixels of the window, with a ring where the chosen pixel lies."""
    small = tiles.rgb(cv2.resize(picture, low[::-1].tolist(), interpolation=cv2.INTER_AREA).reshape(*low, -1))
    around, (top, left) = [(size, size), (size, size)], start + size
    window = np.s_[top : top + size, left : left + size]
    tile = _enlarged(np.pad(small, [*around, (0, 0)], constant_values=GREY)[window])
    for i, j in np.argwhere(np.pad(np.zeros(low, bool), around, constant_values=True)[window]) * _CELL:
        for ends in (((j, i), (j + _CELL - 1, i + _CELL - 1)), ((j + _CELL - 1, i), (j, i + _CELL - 1))):
            cv2.line(tile, *ends, _LINE, 1, cv2.LINE_AA)
    y, x = (np.array(pixel) + 0.5) * low / picture.shape[:2] - start  # the pixel's centre
    cv2.circle(tile, (round(x * _CELL), round(y * _CELL)), 7, _MARK, 2, cv2.LINE_AA)
    return tile


def _numbers(kernel: Array, limit: float) -> Array:
    """The weights as colours and numbers."""
    tile = _enlarged(tiles.signed_colours(kernel - 1 / kernel.size, limit))
    for (i, j), weight in np.ndenumerate(kernel):
        text = f"{weight:.3f}"
        width, height = cv2.getTextSize(text, tiles.FONT, 0.42, 1)[0]
        place = (j * _CELL + (_CELL - width) // 2, i * _CELL + (_CELL + height) // 2)
        dark = tile[i * _CELL + 2, j * _CELL + 2].mean() < 140
        cv2.putText(tile, text, place, tiles.FONT, 0.42, tiles.WHITE if dark else (0, 0, 0), 1, cv2.LINE_AA)
    return tile


def _enlarged(cells: Array) -> Array:
    """Each pixel as a square with a line around it."""
    tile = cells.repeat(_CELL, axis=0).repeat(_CELL, axis=1)
    for n in range(1, len(cells)):
        tile[n * _CELL] = tile[:, n * _CELL] = GREY
    return tile
