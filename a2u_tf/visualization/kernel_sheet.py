"""Upsampling kernels as maps over the picture, models side by side, and a callback that draws them."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np

from a2u_tf.files import write_png
from a2u_tf.types import Array
from a2u_tf.visualization import tiles
from a2u_tf.visualization.kernels import KernelMap, kernel_maps
from a2u_tf.visualization.tiles import GREY, HEADER, MARGIN

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
    picture = tiles.fitted(tiles.rgb(pictures[number]), side)
    width = side + MARGIN
    rows = []
    for levels in zip(*models.values(), strict=True):
        _, rows_of_kernels, columns_of_kernels, groups, size, _ = levels[0].weights.shape
        deviations = [level.deviation()[number] for level in levels]
        excess = [level.weights[number].mean(axis=2) - 1 / size**2 for level in levels]
        most, limit = (max(np.abs(v).max() for v in values) or 1 for values in (deviations, excess))
        scales = [
            _scale_line("0", tiles.unsigned_colours, (0, most), f"{most:.4f}", width),
            _scale_line(
                f"{1 / size**2 - limit:.4f}",
                tiles.signed_colours,
                (-limit, limit),
                f"{1 / size**2 + limit:.4f}",
                width,
            ),
        ]
        text = f"{rows_of_kernels} x {columns_of_kernels} kernels" + (f", {groups} groups" if groups > 1 else "")
        columns = [_column(levels[0].name, tiles.title(text, width), picture)]
        for name, deviation, weights in zip(models, deviations, excess, strict=True):
            tile = tiles.fitted(tiles.unsigned_colours(deviation, most), side)
            columns.append(_column(f"{name}: at most {deviation.max():.4f}", scales[0], tile))
            columns.append(_column(f"{name}: {size} x {size} weights", scales[1], _tap_grid(weights, limit, side)))
        rows.append(np.concatenate(columns, axis=1))
    sheet = np.concatenate([*(tiles.title(text, rows[0].shape[1]) for text in CAPTION), *rows])
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


def _column(heading: str, scale: Array, tile: Array) -> Array:
    return np.concatenate([tiles.title(heading, tile.shape[1]), scale, tile])


def _scale_line(
    low: str, colours: Callable[[Array, float], Array], ends: tuple[float, float], high: str, width: int
) -> Array:
    """The colours from the first to the last of `ends`, between texts that say what these are."""
    line = np.full((HEADER, width, 3), GREY, np.uint8)
    start = cv2.getTextSize(low, tiles.FONT, 0.4, 1)[0][0] + MARGIN
    line[4 : HEADER - 6, start : start + _BAR] = colours(np.linspace(*ends, _BAR)[None], ends[1])
    for text, place in ((low, 0), (high, start + _BAR + MARGIN)):
        cv2.putText(line, text, (place, HEADER - 8), tiles.FONT, 0.4, tiles.WHITE, 1, cv2.LINE_AA)
    return line


def _tap_grid(excess: Array, limit: float, side: int) -> Array:
    """The map of each tap, `(H, W, s, s)`, where the tap lies in the kernel."""
    taps = range(excess.shape[-1])
    tile = (side + MARGIN) // len(taps) - MARGIN
    maps = [[tiles.fitted(tiles.signed_colours(excess[..., i, j], limit), tile) for j in taps] for i in taps]
    grid = np.concatenate([np.concatenate(row, axis=1) for row in maps])
    return np.pad(grid, [(0, side + MARGIN - n) for n in grid.shape[:2]] + [(0, 0)], constant_values=GREY)


class KernelMaps(keras.callbacks.Callback):
    """Shows upsampling kernels after each epoch, beside those with which the training began.

    Each picture has its `kernel_sheet`: a file `kernels_NUMBER_epoch_NNNN.png`, and an image of the name
    `kernels_NUMBER` in TensorBoard.

    Args:
        pictures: Floats of shape `(N, H, W, 1 or 3)` in [0, 1]; a few.
        log_dir: Folder to write to, such as that of `keras.callbacks.TensorBoard`.
        inputs: What the model is called with for these pictures, where that is something else than `pictures`.

    Raises:
        ValueError: When training begins, where the model makes no upsampling kernels.
        ImportError: At once, without TensorFlow or TensorBoard.
    """

    def __init__(self, pictures: Array, log_dir: Path | str, inputs: Any = None) -> None:
        super().__init__()
        if not all(importlib.util.find_spec(package) for package in ("tensorboard", "tensorflow")):
            raise ImportError(
                "KernelMaps needs the packages tensorboard and tensorflow: pip install 'a2u_tf[tensorboard]'"
            )
        self.pictures = np.asarray(pictures, np.float32)
        self.log_dir = Path(log_dir)
        self.inputs = self.pictures if inputs is None else inputs

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        import tensorflow as tf

        self._first = kernel_maps(self.model, self.inputs)
        self._writer = tf.summary.create_file_writer(str(self.log_dir))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        import tensorflow as tf

        models = {"at first": self._first, f"epoch {epoch + 1}": kernel_maps(self.model, self.inputs)}
        for number in range(len(self.pictures)):
            sheet = kernel_sheet(self.pictures, models, number)
            write_png(self.log_dir / f"kernels_{number}_epoch_{epoch + 1:04d}.png", sheet)
            with self._writer.as_default(step=epoch):
                tf.summary.image(f"kernels_{number}", sheet[None])
        self._writer.flush()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._writer.close()
