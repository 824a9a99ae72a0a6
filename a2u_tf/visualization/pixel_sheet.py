"""The upsampling kernels of chosen pixels in numbers, beside what they draw from."""

from collections.abc import Sequence

import cv2
import numpy as np

from a2u_tf.types import Array
from a2u_tf.visualization.kernel_sheet import Models, check_levels
from a2u_tf.visualization.kernels import KernelMap
from a2u_tf.visualization.tiles import FONT, GREY, MARGIN, WHITE, fitted, rgb, signed_colours, title

CAPTION = (
    "Green: the pixel. Orange: the window that its kernel weighs.",
    "The window beside it: means of the picture; crossed out where it is outside.",
    "Weights: white 1/s^2, blue {0:.4f} less, red {0:.4f} more.",
)
_CELL = 54  # side in pixels of a weight
_FRAME, _MARK, _LINE = (255, 160, 0), (0, 160, 90), (128, 128, 128)  # RGB


def pixel_sheet(pictures: Array, models: Models, pixels: Sequence[tuple[int, int]], number: int = 0) -> Array:
    """Return a sheet with one row for each level and chosen pixel.

    A row shows the picture with the chosen pixel and a frame around the s x s low-resolution pixels that its kernel
    weighs; these pixels, as means of the picture, with a ring where the chosen pixel lies among them; and the kernel of
    each model, blue below 1/s^2, white at it, red above, on one scale for the whole sheet. What lies outside the map is
    crossed out; it counts as zero whatever its weight. Where there are groups, the mean over these is shown.

    Args:
        pictures: Floats of shape `(N, H, W, 1 or 3)` in [0, 1].
        models: Dict from names of models to their lists of `KernelMap` for the pictures, of the same levels.
        pixels: List of `(y, x)`, integers, in the picture.
        number: Which picture of the batch.

    Returns:
        RGB, uint8.

    Raises:
        ValueError: For pixels outside the picture, without any, and as in `kernel_sheet`.
    """
    check_levels(pictures, models, number)
    picture = np.asarray(pictures[number], np.float32)
    height, width = picture.shape[:2]
    outside = [pixel for pixel in pixels if not (0 <= pixel[0] < height and 0 <= pixel[1] < width)]
    if outside or not pixels:
        raise ValueError(
            f"Expected pixels as (y, x) with y from 0 to {height - 1} and x from 0 to {width - 1}. Received: "
            f"{outside or pixels}"
        )
    stages = list(zip(*models.values(), strict=True))
    kernels = {
        (levels[0].name, pixel): {
            name: level.weights[(number, *_position(pixel, level, picture))].mean(axis=0)
            for name, level in zip(models, levels, strict=True)
        }
        for levels in stages
        for pixel in pixels
    }
    excesses = [kernel - 1 / kernel.size for of_models in kernels.values() for kernel in of_models.values()]
    limit = max(np.abs(excess).max() for excess in excesses) or 1
    width = (2 + len(models)) * (max(levels[0].kernel_size for levels in stages) * _CELL + MARGIN)
    rows = [title(text.format(limit), width) for text in CAPTION]
    for level, *_ in stages:
        rows.append(title(_level_text(level), width))
        for pixel in pixels:
            row = _row(picture, level, pixel, kernels[level.name, pixel], limit)
            rows.append(np.pad(row, [(0, 0), (0, width - row.shape[1]), (0, 0)], constant_values=GREY))
    return np.pad(np.concatenate(rows), [(0, 0), (MARGIN, 0), (0, 0)], constant_values=GREY)


def _position(pixel: tuple[int, int], level: KernelMap, picture: Array) -> tuple[int, ...]:
    """The kernel that serves a pixel of the picture."""
    sizes = zip(pixel, level.weights.shape[1:3], picture.shape[:2], strict=True)
    return tuple(n * cells // length for n, cells, length in sizes)


def _low_size(level: KernelMap) -> tuple[int, ...]:
    """Height and width of what a level upsamples."""
    return tuple(-(-n // level.scale) for n in level.weights.shape[1:3])


def _level_text(level: KernelMap) -> str:
    (height, width), size = _low_size(level), level.kernel_size
    _, rows, columns = level.weights.shape[:3]
    return f"{level.name}: {rows} x {columns} kernels, each weighs {size} x {size} of {height} x {width} pixels"


def _row(picture: Array, level: KernelMap, pixel: tuple[int, int], kernels: dict[str, Array], limit: float) -> Array:
    size, side = level.kernel_size, level.kernel_size * _CELL
    low = _low_size(level)
    top, left = (n // level.scale - (size - 1) // 2 for n in _position(pixel, level, picture))
    # The pixel's centre in low-resolution pixels.
    centre = [(n + 0.5) * cells / length for n, cells, length in zip(pixel, low, picture.shape[:2], strict=True)]
    tiles = {
        f"y {pixel[0]}, x {pixel[1]}": _framed(picture, pixel, low, (top, left), size, side),
        f"its {size} x {size} pixels": _source(picture, low, (top, left), size, (centre[0] - top, centre[1] - left)),
        **{name: _numbers(kernel, limit) for name, kernel in kernels.items()},
    }
    columns = [np.concatenate([title(text, side + MARGIN), fitted(tile, side)]) for text, tile in tiles.items()]
    return np.concatenate(columns, axis=1)


def _framed(
    picture: Array, pixel: tuple[int, int], low: tuple[int, ...], start: tuple[int, ...], size: int, side: int
) -> Array:
    """The picture with the chosen pixel and the frame of its window."""
    shown = rgb(picture)
    zoom = side / max(shown.shape[:2])
    shown = fitted(shown, side)[:side, :side]
    cell = [length / cells for length, cells in zip(picture.shape[:2], low, strict=True)]
    top, left = (round(zoom * n * step) for n, step in zip(start, cell, strict=True))
    bottom, right = (round(zoom * (n + size) * step) - 1 for n, step in zip(start, cell, strict=True))
    cv2.rectangle(shown, (max(left, 0), max(top, 0)), (min(right, side - 1), min(bottom, side - 1)), _FRAME, 1)
    y, x = (round(zoom * n) for n in pixel)
    extent = max(round(zoom), 3)
    cv2.rectangle(shown, (x, y), (x + extent - 1, y + extent - 1), _MARK, -1)
    return shown


def _source(
    picture: Array, low: tuple[int, ...], start: tuple[int, ...], size: int, centre: tuple[float, float]
) -> Array:
    """The low-resolution pixels of the window, with a ring where the chosen pixel lies."""
    small = rgb(cv2.resize(picture, low[::-1], interpolation=cv2.INTER_AREA).reshape(*low, -1))
    cells = np.full((size, size, 3), GREY, np.uint8)
    outside = []
    for i, j in np.ndindex(size, size):
        y, x = start[0] + i, start[1] + j
        if 0 <= y < low[0] and 0 <= x < low[1]:
            cells[i, j] = small[y, x]
        else:
            outside.append((i * _CELL, j * _CELL))
    tile = _enlarged(cells)
    for y, x in outside:
        cv2.line(tile, (x, y), (x + _CELL - 1, y + _CELL - 1), _LINE, 1, cv2.LINE_AA)
        cv2.line(tile, (x + _CELL - 1, y), (x, y + _CELL - 1), _LINE, 1, cv2.LINE_AA)
    cv2.circle(tile, (round(centre[1] * _CELL), round(centre[0] * _CELL)), 7, _MARK, 2, cv2.LINE_AA)
    return tile


def _numbers(kernel: Array, limit: float) -> Array:
    """The weights as colours and numbers."""
    tile = _enlarged(signed_colours(kernel - 1 / kernel.size, limit))
    for (i, j), weight in np.ndenumerate(kernel):
        text = f"{weight:.3f}"
        width, height = cv2.getTextSize(text, FONT, 0.42, 1)[0]
        place = (j * _CELL + (_CELL - width) // 2, i * _CELL + (_CELL + height) // 2)
        dark = tile[i * _CELL + 2, j * _CELL + 2].mean() < 140
        cv2.putText(tile, text, place, FONT, 0.42, WHITE if dark else (0, 0, 0), 1, cv2.LINE_AA)
    return tile


def _enlarged(cells: Array) -> Array:
    """Each pixel as a square with a line around it."""
    tile = cells.repeat(_CELL, axis=0).repeat(_CELL, axis=1)
    for n in range(1, len(cells)):
        tile[n * _CELL] = tile[:, n * _CELL] = GREY
    return tile
