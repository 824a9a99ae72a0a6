"""Checks of reassembly arguments: what was expected, what came, and the way out."""

import numbers
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from a2u_tf.ops.layout import Window
from a2u_tf.types import Shape, Tensor


def positive_integers(**values: Any) -> list[int]:
    """Return the values as a list of `int`, NumPy's integers too; raise `ValueError` at others and below 1."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
            raise ValueError(f"`{name}` must be an integer of at least 1. Received: {name}={value!r}")
    return [int(value) for value in values.values()]


def checked_window(direction: str, kernel_size: int, scale: int = 2, groups: int = 1) -> Window:
    if direction not in ("up", "down"):
        raise ValueError(f'`direction` must be "up" or "down". Received: direction={direction!r}')
    window = Window(direction, *positive_integers(kernel_size=kernel_size, scale=scale, groups=groups))
    if direction == "up" and kernel_size % 2 == 0:
        raise ValueError(
            "`kernel_size` of upsampling must be odd: its window is centred on the source pixel. "
            f"Received: kernel_size={kernel_size}. Use {kernel_size - 1} or {kernel_size + 1}."
        )
    return window


def check_tensors(window: Window, features: Tensor, kernels: Tensor) -> None:
    """Raise `ValueError` where ranks, dtypes, channels or known sizes of the two tensors do not fit."""
    for name, tensor in (("features", features), ("kernels", kernels)):
        if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype)):
            raise ValueError(
                f"`{name}` must have a floating dtype. Received: {name}.dtype={tensor.dtype}. "
                f"Cast first, with `keras.ops.cast({name}, 'float32')`."
            )
    check_shapes(window, features.shape, kernels.shape)


def check_shapes(window: Window, features: Shape, kernels: Shape) -> None:
    """Raise `ValueError` where two shapes (tuples of four sizes, `None` where unknown) do not fit."""
    for name, shape in (("features", features), ("kernels", kernels)):
        expected = f"`{name}` must be a tensor of rank 4, (batch, height, width, channels)"
        if getattr(shape, "rank", 4) is None:  # of a TensorFlow tensor
            way_out = f"Set it with `tf.ensure_shape({name}, (None, None, None, channels))`."
            raise ValueError(f"{expected}. Received: {name} of unknown rank. {way_out}")
        if len(shape) != 4:
            received = f"{name}.shape={tuple(shape)}"
            raise ValueError(f"{expected}. Received: {received}. Bring it there with `keras.ops.reshape`.")
    features, kernels = tuple(features), tuple(kernels)
    received = f"Received: features.shape={features}, kernels.shape={kernels}"
    channels, groups = features[3], window.groups
    if channels is not None and channels % groups:
        divisors = [n for n in range(1, channels + 1) if channels % n == 0]
        raise ValueError(
            f"`groups` must divide the channels of the features: groups={groups}, channels={channels}. {received}. "
            f"Choose groups from {divisors}."
        )
    if kernels[3] not in (None, window.depth):
        raise ValueError(
            f"The last axis of `kernels` must hold groups * kernel_size**2 = {groups} * {window.kernel_size}**2 = "
            f"{window.depth} values. {received}. Make the kernels with the same `kernel_size` and `groups`."
        )
    if None not in (features[0], kernels[0]) and features[0] != kernels[0]:
        raise ValueError(
            f"`features` and `kernels` must have the same batch size. {received}. Make the kernels from the same "
            "batch, or repeat them with `keras.ops.repeat(kernels, batch, axis=0)`."
        )
    high, low = (kernels, features) if window.direction == "up" else (features, kernels)
    size = tuple(None if length is None else -(-length // window.scale) for length in high[1:3])
    if any(None not in pair and pair[0] != pair[1] for pair in zip(size, low[1:3], strict=True)):
        raise ValueError(_size_message(window, size, received))


def checked_sizes_when_run(window: Window, features: Tensor, kernels: Tensor) -> tuple[Tensor, Tensor]:
    def sizes(features: Tensor, kernels: Tensor) -> tuple[Tensor, Tensor]:
        high, low = (kernels, features) if window.direction == "up" else (features, kernels)
        expected = ops.append(ops.append(high[:1], -(-high[1:3] // window.scale)), window.depth)
        return expected, ops.append(low[:3], kernels[3])

    message = _size_message(window, "x below", "Received: y below; the last of each is kernels.shape[3]")
    return checked_when_run(features, kernels, sizes, message)


def checked_when_run(
    a: Tensor, b: Tensor, sizes: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], message: str
) -> tuple[Tensor, Tensor]:
    """Return two tensors whose sizes, as yet unknown in a trace of TensorFlow's, are checked before anybody reads them.

    `sizes` makes expected and received ones, `x` and `y` in the message, of the two shapes. XLA drops the check.
    """
    if None not in (*a.shape[:3], *b.shape) or keras.backend.backend() != "tensorflow":
        return a, b
    import tensorflow as tf

    check = tf.debugging.assert_equal(*sizes(tf.shape(a), tf.shape(b)), message=message, summarize=4)
    with tf.control_dependencies([check]):  # or another operation may fail first
        return tf.identity(a), tf.identity(b)


def _size_message(window: Window, expected: object, received: str) -> str:
    up = window.direction == "up"
    high, low = ("kernels", "features") if up else ("features", "kernels")
    source = "guidance of the size that the output shall have" if up else "the features that are downsampled"
    return (
        f"The height and width of `{low}` must be those of `{high}` divided by the scale {window.scale} and rounded "
        f"up: {expected}. {received}. Make the kernels from {source}."
    )
