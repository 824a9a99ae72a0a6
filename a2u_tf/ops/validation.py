"""Checks of reassembly arguments: what was expected, what came, and the way out."""

import numbers
from typing import Any

import keras

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
    check_shapes(window, _shape("features", features), _shape("kernels", kernels))


def _shape(name: str, tensor: Tensor) -> Shape:
    try:
        return tuple(tensor.shape)
    except ValueError:  # a TensorFlow tensor of unknown rank
        way_out = f"Set it with `tf.ensure_shape({name}, (None, None, None, channels))`."
        raise _rank_error(name, f"{name} of unknown rank", way_out) from None


def _rank_error(name: str, received: str, way_out: str) -> ValueError:
    expected = "a tensor of rank 4, (batch, height, width, channels)"
    return ValueError(f"`{name}` must be {expected}. Received: {received}. {way_out}")


def check_shapes(window: Window, features: Shape, kernels: Shape) -> None:
    """Raise `ValueError` where two shapes (tuples of four sizes, `None` where unknown) do not fit."""
    for name, shape in (("features", features), ("kernels", kernels)):
        if len(shape) != 4:
            raise _rank_error(name, f"{name}.shape={tuple(shape)}", "Bring it there with `keras.ops.reshape`.")
    received = f"Received: features.shape={tuple(features)}, kernels.shape={tuple(kernels)}"
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
    expected = tuple(None if size is None else -(-size // window.scale) for size in high[1:3])
    if any(None not in pair and pair[0] != pair[1] for pair in zip(expected, low[1:3], strict=True)):
        raise ValueError(_size_message(window, expected, received))


def checked_when_run(window: Window, features: Tensor, kernels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the two tensors; on TensorFlow, sizes that are unknown while tracing are checked before their use.

    XLA drops the check.
    """
    known = None not in (*features.shape[:3], *kernels.shape)
    if known or keras.backend.backend() != "tensorflow":
        return features, kernels
    import tensorflow as tf

    high, low = (kernels, features) if window.direction == "up" else (features, kernels)
    expected = [tf.shape(high)[:1], -(-tf.shape(high)[1:3] // window.scale), [window.depth]]
    received = [tf.shape(low)[:3], tf.shape(kernels)[3:]]
    message = _size_message(window, "x below", "Received: y below; the last of each is kernels.shape[3]")
    return asserted(tf.concat(expected, 0), tf.concat(received, 0), message, features, kernels)


def asserted(expected: Tensor, received: Tensor, message: str, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return two tensors of TensorFlow that nobody reads before sizes, `x` and `y` in the message, are found equal."""
    import tensorflow as tf

    check = tf.debugging.assert_equal(expected, received, message=message, summarize=4)
    with tf.control_dependencies([check]):  # or another operation may fail first
        return tf.identity(a), tf.identity(b)


def _size_message(window: Window, expected: object, received: str) -> str:
    if window.direction == "up":
        high, low, source = "kernels", "features", "guidance of the size that the output shall have"
    else:
        high, low, source = "features", "kernels", "the features that are downsampled"
    return (
        f"The height and width of `{low}` must be those of `{high}` divided by the scale {window.scale} and rounded "
        f"up: {expected}. {received}. Make the kernels from {source}."
    )
