"""The upsampling kernels that a network makes for its pictures: as arrays, as maps over a picture, after each epoch."""

import collections
import dataclasses
import functools
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import keras
import numpy as np

from a2u_tf.files import write_png
from a2u_tf.layers import A2UKernels, A2UUpSampling2D
from a2u_tf.types import Array, Tensor
from a2u_tf.visualization import tiles
from a2u_tf.visualization.tiles import GREY, HEADER, MARGIN

CAPTION = (
    "Dark to bright: standard deviation of each pixel's weights, 0 where it takes the plain average of its window.",
    "Blue to red: its weights, a map for each tap, where the tap lies; white is 1/s^2. Models share the scales.",
)
GATES_CAPTION = ("Dark to bright: the weight of each pixel's only tap, a gate. Models share the scale.",)
Calls: TypeAlias = list[tuple[keras.Layer, dict[str, Tensor]]]
_BAR = 96  # width in pixels of a colour scale


@dataclasses.dataclass(frozen=True)
class KernelMap:
    """The upsampling kernels of one level.

    Attributes:
        name: Of the layer that makes them.
        weights: float32 of shape `(N, H, W, groups, s, s)`: for each pixel of the upsampled map and each group of
            channels, the weights of the s x s pixels of the low-resolution map around it.
        scale: The upsampling ratio r: the kernel at `(y, x)` is centred on the low-resolution pixel `(y//r, x//r)`.
    """

    name: str
    weights: Array
    scale: int

    @property
    def kernel_size(self) -> int:
        return int(self.weights.shape[-1])

    def deviation(self) -> Array:
        """Return each kernel's standard deviation over its taps, `(N, H, W)`; mean over groups; 0 for an average."""
        return np.asarray(self.weights.std(axis=(-2, -1)).mean(axis=-1))


def kernel_maps(model: keras.Model, inputs: Any) -> list[KernelMap]:
    """Return the upsampling kernels that a model makes for a batch.

    Args:
        model: Built Keras model with layers `A2UKernels` that make upsampling kernels, or `A2UUpSampling2D`. They may
            lie in models that are its layers, but not in other layers. Without such layers it is a `ValueError`.
        inputs: What the model is called with, such as pictures of shape `(N, H, W, C)`.

    Returns:
        List of `KernelMap`, one each time that such a layer is called, the finest first.
    """
    layers = list(_layers(model))
    names = {layer: layer.name for layer in layers if isinstance(layer, A2UKernels) and "up" in layer.directions}
    names |= {layer.kernels: layer.name for layer in layers if isinstance(layer, A2UUpSampling2D) and layer.built}
    if not names:
        raise ValueError(
            "The model has no upsampling kernels to show: expected built layers A2UUpSampling2D, or A2UKernels with "
            f"'up' in their directions. Received: {model.name} of {sorted({type(layer).__name__ for layer in layers})}"
        )
    calls: Calls = []
    try:
        for layer in names:
            layer.__dict__["call"] = functools.partial(_call_and_record, layer, calls)
        model(inputs, training=False)
    finally:
        for layer in names:
            layer.__dict__.pop("call", None)
    maps, counts = [], collections.Counter[str]()
    for layer, kernels in calls:
        counts[names[layer]] += 1
        name = names[layer] + (f" ({counts[names[layer]]})" if counts[names[layer]] > 1 else "")
        weights = keras.ops.convert_to_numpy(keras.ops.cast(kernels["up"], "float32"))
        shape = (*weights.shape[:3], layer.groups, layer.kernel_size, layer.kernel_size)
        maps.append(KernelMap(name, weights.reshape(shape), layer.scale))
    return sorted(maps, key=lambda level: -level.weights.shape[1] * level.weights.shape[2])


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    """The layers of a model and of the models among them."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)


def _call_and_record(layer: keras.Layer, calls: Calls, guidance: Tensor) -> dict[str, Tensor]:
    kernels: dict[str, Tensor] = type(layer).call(layer, guidance)
    calls.append((layer, kernels))
    return kernels


def untrained(model: keras.Model, seed: int = 0) -> keras.Model:
    """Return a copy of a model with fresh weights; `seed` becomes that of Python, NumPy and Keras, too."""
    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(model)


Models: TypeAlias = Mapping[str, Sequence[KernelMap]]


def kernel_sheet(pictures: Array, models: Models, number: int = 0, side: int = 216) -> Array:
    """Return a sheet of one picture and of the kernels that models make for it, one row a level: RGB, uint8.

    For each model it shows the standard deviation of the kernels over their taps, black where the kernel is a plain
    average, and the weight of each tap, laid out as in the kernel: blue below 1/s^2, white at it, red above. The scales
    are written above and are the same for all models. Where there are groups, means over these are shown. Kernels of a
    single tap, gates, are shown as one map of their weights, black for the smallest of all models.

    Args:
        pictures: Floats of shape `(N, H, W, 1 or 3)` in [0, 1].
        models: Dict from names of models to their lists of `KernelMap` for the pictures, of the same levels.
        number: Which picture of the batch.
        side: Side in pixels of the square that a map is fitted into; at least 200, so that the scales fit.

    Raises:
        ValueError: Where `models` is empty or their levels differ, there is no such picture or the side is too small.
    """
    check_levels(pictures, models, number)
    if side < 200:
        raise ValueError(f"`side` must be at least 200. Received: side={side}")
    picture = tiles.fitted(tiles.rgb(pictures[number]), side)
    rows: list[Array] = []
    captions: list[str] = []
    for levels in zip(*models.values(), strict=True):
        _, rows_of_kernels, columns_of_kernels, groups, size, _ = levels[0].weights.shape
        text = f"{rows_of_kernels} x {columns_of_kernels} kernels" + (f", {groups} groups" if groups > 1 else "")
        columns = [_column(levels[0].name, tiles.title(text, side + MARGIN), picture)]
        weights = [level.weights[number].mean(axis=2) for level in levels]
        captions += GATES_CAPTION if size == 1 else CAPTION
        if size == 1:
            columns += _gates(dict(zip(models, weights, strict=True)), side)
        else:
            deviations = [level.deviation()[number] for level in levels]
            columns += _windows(models, deviations, weights, side)
        rows.append(np.concatenate(columns, axis=1))
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, [(0, 0), (0, width - row.shape[1]), (0, 0)], constant_values=GREY) for row in rows]
    sheet = np.concatenate([*(tiles.title(text, width) for text in dict.fromkeys(captions)), *padded])
    return np.pad(sheet, [(0, 0), (MARGIN, 0), (0, 0)], constant_values=GREY)


def _gates(weights: Mapping[str, Array], side: int) -> list[Array]:
    """Columns of kernels of one tap: the weights, `(H, W, 1, 1)` of each model."""
    low, high = min(w.min() for w in weights.values()), max(w.max() for w in weights.values())
    span = (high - low) or 1
    scale = _scale_line(f"{low:.4f}", tiles.unsigned_colours, (0, span), f"{high:.4f}", side + MARGIN)
    return [
        _column(f"{name}: {w.min():.3f} to {w.max():.3f}", scale, _unsigned_tile(w[..., 0, 0] - low, span, side))
        for name, w in weights.items()
    ]


def _windows(names: Iterable[str], deviations: list[Array], weights: list[Array], side: int) -> list[Array]:
    """Columns of larger kernels: their deviations `(H, W)`, and the weights of each tap, `(H, W, s, s)`."""
    size, width, columns = weights[0].shape[-1], side + MARGIN, []
    excess = [w - 1 / size**2 for w in weights]
    most, limit = (max(np.abs(v).max() for v in values) or 1 for values in (deviations, excess))
    low, high = (f"{1 / size**2 + end:.4f}" for end in (-limit, limit))
    scales = [
        _scale_line("0", tiles.unsigned_colours, (0, most), f"{most:.4f}", width),
        _scale_line(low, tiles.signed_colours, (-limit, limit), high, width),
    ]
    for name, deviation, taps in zip(names, deviations, excess, strict=True):
        tile = _unsigned_tile(deviation, most, side)
        columns.append(_column(f"{name}: at most {deviation.max():.4f}", scales[0], tile))
        columns.append(_column(f"{name}: {size} x {size} weights", scales[1], _tap_grid(taps, limit, side)))
    return columns


def _unsigned_tile(values: Array, limit: float, side: int) -> Array:
    return tiles.fitted(tiles.unsigned_colours(values, limit), side)


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
    `kernels_NUMBER` in TensorBoard, which must be installed. A model without upsampling kernels is a `ValueError`.

    Args:
        pictures: Floats of shape `(N, H, W, 1 or 3)` in [0, 1]; a few.
        log_dir: Folder to write to, such as that of `keras.callbacks.TensorBoard`.
        inputs: What the model is called with for these pictures, where that is something else than `pictures`.
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
