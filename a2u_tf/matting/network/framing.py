"""What stands around the network: a picture of any size in, a matte of that size out."""

import keras
import numpy as np
from keras import ops

from a2u_tf.matting.conventions import (
    FOREGROUND,
    MEAN,
    STANDARD_DEVIATION,
    UNKNOWN,
    is_background,
    is_foreground,
)
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.types import Array, Tensor


def framed(image: Tensor, trimap: Tensor, multiple: int, dtype: str = "float32") -> Tensor:
    """Normalise a picture, append its trimap and pad both.

    Args:
        image: Tensor `(N, H, W, 3)`, RGB: integers in 0 to 255 or floats in [0, 1].
        trimap: uint8 tensor `(N, H, W, 1)`: within 24 of 255 foreground, within 24 of 0 background, else unknown.
        multiple: Height and width are padded to multiples of it, at the bottom and at the right, by reflection.
        dtype: Of the result, `"float32"` or `"float64"`.

    Returns:
        Tensor `(N, H', W', 4)`.
    """
    scale = 1 if keras.backend.is_float_dtype(image.dtype) else 255
    image = ops.cast(image, dtype) / scale
    image = (image - ops.array(MEAN, dtype)) / ops.array(STANDARD_DEVIATION, dtype)
    trimap = _levels(trimap)
    known = ops.cast(is_foreground(trimap), dtype)
    trimap = ops.where(_is_unknown(trimap), ops.cast(UNKNOWN / FOREGROUND, dtype), known)
    x = ops.concatenate([image, trimap], axis=-1)
    for axis in (1, 2):
        x = ops.take(x, _reflected(ops.shape(x)[axis], multiple), axis=axis)
    return _both_sizes_open(x)


def colours_of(inputs: Array) -> Array:
    """Return the pictures in what `framed` returned, float32 RGB of shape `(N, H', W', 3)` in [0, 1]."""
    pictures: Array = inputs[..., :3] * np.array(STANDARD_DEVIATION, np.float32) + np.array(MEAN, np.float32)
    return pictures


def _both_sizes_open(x: Tensor) -> Tensor:
    """Forget the known one of height and width in a TensorFlow graph that leaves the other open.

    With one of the two known, TensorFlow 2.21 optimises such graphs into wrong paddings of dilated convolutions.
    """
    if keras.backend.backend() != "tensorflow" or (x.shape[1] is None) == (x.shape[2] is None):
        return x
    import tensorflow as tf

    return tf.raw_ops.PlaceholderWithDefault(input=x, shape=tf.TensorShape((x.shape[0], None, None, x.shape[3])))


def matte(prediction: Tensor, trimap: Tensor) -> Tensor:
    """Crop the network's output to the trimap's size, clip it to [0, 1] and keep what the trimap knows."""
    _, height, width, _ = ops.shape(trimap)
    prediction = ops.cast(prediction[:, :height, :width], wide_dtype(prediction.dtype))
    trimap = _levels(trimap)
    return ops.where(_is_unknown(trimap), ops.clip(prediction, 0, 1), ops.cast(is_foreground(trimap), prediction.dtype))


def _levels(trimap: Tensor) -> Tensor:
    return ops.cast(trimap, "float32")


def _is_unknown(levels: Tensor) -> Tensor:
    return ops.logical_not(ops.logical_or(is_background(levels), is_foreground(levels)))


def _reflected(length: Tensor, multiple: int) -> Tensor:
    """Indices `0 .. length - 1` and on by reflection at the last pixel, back and forth in a map smaller than that."""
    padded = (length + multiple - 1) // multiple * multiple
    # Of plain numbers Keras makes int16 where its floatx is float16.
    period = ops.maximum(ops.cast(2 * (length - 1), "int32"), ops.cast(1, "int32"))
    index = ops.arange(padded, dtype="int32") % period
    return ops.minimum(index, period - index)
