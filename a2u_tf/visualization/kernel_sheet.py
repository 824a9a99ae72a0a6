"""Upsampling kernels as maps over the picture, models side by side."""

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np

from a2u_tf.types import Array
from a2u_tf.visualization.kernels import KernelMap
from a2u_tf.visualization.tiles import (
    FONT,
    GREY,
    HEADER,
    MARGIN,
    WHITE,
    fitted,
    rgb,
    signed_colours,
    title,
    unsigned_colours,
)

CAPTION = (
    "Dark to bright: standard deviation of each pixel's weights, 0 where it takes the plain average of its window.",
    "Blue to red: its weights, a map for each tap, where the tap lies; white is 1/s^2. Models share the scales.",
)
Models = Mapping[str, Sequence[KernelMap]]
_BAR = 96  # width in pixels of a colour scale


def kernel_sheet(pictures: Array, models: Models, number: int = 0, side: int = 216) -> Array:
    """Return a sheet of one picture and of the kernels that models make for it, one row a level.

    For each model it shows the standard deviation of the kernels over their taps, black where the kernel is a plain
    average, and the weight of each tap, laid out as in the kernel: blue below 1/s^2, white at it, red above. The scales
    are written above and are the same for all models. Where there are groups, means over these are shown.

    Args:
        pictures: Floats of shape `(N, H, W, 1 or 3)` in [0, 1].
        models: Dict from names of models to their lists of `KernelMap` for the pictures, of the same levels.
        number: Which picture of the batch.
        side: Side in pixels of the square that a map is fitted into; at least 200, so that the scales fit.

    Returns:
        RGB, uint8.

    Raises:
        ValueError: Where `models` is empty or their levels differ, there is no such picture or the side is too small.
    """
    check_levels(pictures, models, number)
    if side < 200:
        raise ValueError(f"`side` must be at least 200. Received: side={side}")
    picture = fitted(rgb(pictures[number]), side)
    rows = []
    for levels in zip(*models.values(), strict=True):
        size = levels[0].kernel_size
        deviations = [level.deviation()[number] for level in levels]
        excess = [level.weights[number].mean(axis=2) - 1 / size**2 for level in levels]
        deviation_limit, excess_limit = (max(np.abs(v).max() for v in values) or 1 for values in (deviations, excess))
        columns = [_column(levels[0].name, title(_size_text(levels[0]), side + MARGIN), picture)]
        for name, deviation, weights in zip(models, deviations, excess, strict=True):
            scale = _scale_line("0", unsigned_colours, (0, deviation_limit), f"{deviation_limit:.4f}", side + MARGIN)
            heading = f"{name}: at most {deviation.max():.4f}"
            columns.append(_column(heading, scale, fitted(unsigned_colours(deviation, deviation_limit), side)))
            ends = -excess_limit, excess_limit
            low, high = (f"{1 / size**2 + end:.4f}" for end in ends)
            scale = _scale_line(low, signed_colours, ends, high, side + MARGIN)
            heading = f"{name}: {size} x {size} weights"
            columns.append(_column(heading, scale, _tap_grid(weights, size, excess_limit, side)))
        rows.append(np.concatenate(columns, axis=1))
    width = rows[0].shape[1]
    sheet = np.concatenate([*(title(text, width) for text in CAPTION), *rows])
    return np.pad(sheet, [(0, 0), (MARGIN, 0), (0, 0)], constant_values=GREY)


def check_levels(pictures: Array, models: Models, number: int) -> None:
    """Raise a ValueError where the models cannot stand side by side or there is no such picture."""
    described = {
        name: [(level.name, level.weights.shape, level.scale) for level in levels] for name, levels in models.items()
    }
    first = next(iter(described.values()), [])
    if not first or any(levels != first for levels in described.values()):
        raise ValueError(f"Expected models with the same levels of kernels. Received: {described}")
    counts = {len(pictures), *(shape[0] for _, shape, _ in first)}
    if len(counts) > 1 or np.ndim(pictures) != 4 or np.shape(pictures)[-1] not in (1, 3):
        raise ValueError(
            "Expected pictures of shape (N, height, width, 1 or 3), and kernels of these. Received: pictures of shape "
            f"{np.shape(pictures)} and kernels of shapes {[shape for _, shape, _ in first]}"
        )
    if not 0 <= number < len(pictures):
        raise ValueError(f"Expected `number` from 0 to {len(pictures) - 1}. Received: {number}")


def _size_text(level: KernelMap) -> str:
    _, height, width, groups, _, _ = level.weights.shape
    return f"{height} x {width} kernels" + (f", {groups} groups" if groups > 1 else "")


def _column(heading: str, scale: Array, tile: Array) -> Array:
    return np.concatenate([title(heading, tile.shape[1]), scale, tile])


def _scale_line(
    low: str, colours: Callable[[Array, float], Array], ends: tuple[float, float], high: str, width: int
) -> Array:
    """The colours from the first to the last of `ends`, between texts that say what these are."""
    line = np.full((HEADER, width, 3), GREY, np.uint8)
    start = cv2.getTextSize(low, FONT, 0.4, 1)[0][0] + MARGIN
    line[4 : HEADER - 6, start : start + _BAR] = colours(np.linspace(ends[0], ends[1], _BAR)[None], ends[1])
    for text, place in ((low, 0), (high, start + _BAR + MARGIN)):
        cv2.putText(line, text, (place, HEADER - 8), FONT, 0.4, WHITE, 1, cv2.LINE_AA)
    return line


def _tap_grid(excess: Array, size: int, limit: float, side: int) -> Array:
    """The map of each tap, `(H, W, s, s)`, where the tap lies in the kernel."""
    tile = (side + MARGIN) // size - MARGIN
    rows = [
        np.concatenate([fitted(signed_colours(excess[..., i, j], limit), tile) for j in range(size)], axis=1)
        for i in range(size)
    ]
    grid = np.concatenate(rows)
    return np.pad(grid, [(0, side + MARGIN - n) for n in grid.shape[:2]] + [(0, 0)], constant_values=GREY)
