"""Arguments that the layers share: checks, and what Keras' own layers call them."""

from typing import Any

import keras

from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Shape


def check_guidance(shape: Any) -> int:
    """Return the channels of a guidance shape; raise `ValueError` where it is not of rank 4 with known channels."""
    if isinstance(shape, dict) or len(shape) != 4 or not isinstance(shape[-1], int):
        raise ValueError(
            "Guidance must be one tensor of rank 4, (batch, height, width, channels), whose channel count is known. "
            f"Received: shape={shape}"
        )
    return shape[-1]


def check_features(layer: keras.layers.Layer, shape: Shape) -> int:
    """Return the channels of inputs; raise `ValueError` where they are not of rank 4 with known channels."""
    if len(shape) != 4 or shape[-1] is None:
        raise ValueError(
            f"{type(layer).__name__} upsamples tensors of rank 4, (batch, height, width, channels), whose channel "
            f"count is known. Received: shape={tuple(shape)}"
        )
    return shape[-1]


def one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}")
    return value


def read_scale(scale: Any = None, size: Any = None) -> int:
    """Return the scale, given by either name: an integer, or the same one for height and width."""
    given = {name: _one(name, value) for name, value in (("scale", scale), ("size", size)) if value is not None}
    if len(set(given.values())) > 1:
        raise ValueError(
            f"`size` is Keras' name for `scale`: give one of them. Received: scale={scale!r}, size={size!r}"
        )
    return next(iter(given.values()), 2)


def _one(name: str, value: Any) -> int:
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    if len(values) not in (1, 2) or (len(values) == 2 and values[0] != values[1]):
        raise ValueError(
            f"`{name}` must be one integer, or the same one for height and width. Received: {name}={value!r}. "
            "keras.layers.UpSampling2D and keras.ops.image.resize scale the two apart."
        )
    return positive_integers(**{name: values[0]})[0]


def read_data_format(owner: str, data_format: str | None = None) -> str:
    """Return `"channels_last"`; raise `ValueError` where another format is asked for, here or by Keras' setting."""
    received = f"data_format={data_format!r}"
    if data_format is None:
        data_format = keras.config.image_data_format()
        received = f"keras.config.image_data_format()={data_format!r}"
    if data_format != "channels_last":
        raise ValueError(
            f"{owner} reads channels-last tensors, (batch, height, width, channels). Received: {received}. Give "
            "data_format='channels_last', with `keras.layers.Permute((2, 3, 1))` before the layer and "
            "`keras.layers.Permute((3, 1, 2))` behind it, or keras.config.set_image_data_format('channels_last')."
        )
    return data_format
