"""What stands around the network: a picture of any size in, a matte of that size out."""

import keras
import numpy as np
from keras import ops

from a2u_tf.matting.conventions import FOREGROUND, MEAN, STANDARD_DEVIATION, UNKNOWN, is_background, is_foreground
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.types import Array, Tensor


def framed(image: Tensor, trimap: Tensor, multiple: int, dtype: str = "float32") -> Tensor:
    """Normalise pictures, append their trimaps and pad both: `(N, H', W', 4)`, multiples of `multiple`.

    Pictures `(N, H, W, 3)` are integers up to 255 or floats in [0, 1], trimaps uint8 `(N, H, W, 1)`. What is padded
    lies at the bottom and at the right, and is a reflection.
    """
    scale = 1 if keras.backend.is_float_dtype(image.dtype) else 255
    image = ops.cast(image, dtype) / scale
    image = (image - ops.array(MEAN, dtype)) / ops.array(STANDARD_DEVIATION, dtype)
    unknown, foreground = _read(trimap)
    trimap = ops.where(unknown, ops.cast(UNKNOWN / FOREGROUND, dtype), ops.cast(foreground, dtype))
    x = ops.concatenate([image, trimap], axis=-1)
    for axis in (1, 2):
        x = ops.take(x, _reflected(ops.shape(x)[axis], multiple), axis=axis)
    return _both_sizes_open(x)


def matte(prediction: Tensor, trimap: Tensor) -> Tensor:
    """Crop the network's output to the trimap's size, clip it to [0, 1] and keep what the trimap knows."""
    _, height, width, _ = ops.shape(trimap)
    prediction = ops.cast(prediction[:, :height, :width], wide_dtype(prediction.dtype))
    unknown, foreground = _read(trimap)
    return ops.where(unknown, ops.clip(prediction, 0, 1), ops.cast(foreground, prediction.dtype))


def colours_of(inputs: Array) -> Array:
    """Return the pictures in what `framed` returned, float32 RGB of shape `(N, H', W', 3)` in [0, 1]."""
    pictures: Array = inputs[..., :3] * np.array(STANDARD_DEVIATION, np.float32) + np.array(MEAN, np.float32)
    return pictures


def _read(trimap: Tensor) -> tuple[Tensor, Tensor]:
    """Return where a trimap is unknown, and where it is foreground."""
    levels = ops.cast(trimap, "float32")
    foreground = is_foreground(levels)
    return ops.logical_not(ops.logical_or(is_background(levels), foreground)), foreground


def _both_sizes_open(x: Tensor) -> Tensor:
    """Forget the known one of height and width in a TensorFlow graph that leaves the other open.

    With one of the two known, TensorFlow 2.21 optimises such graphs into wrong paddings of dilated convolutions.
    """
    if keras.backend.backend() != "tensorflow" or (x.shape[1] is None) == (x.shape[2] is None):
        return x
    import tensorflow as tf

    return tf.raw_ops.PlaceholderWithDefault(input=x, shape=tf.TensorShape((x.shape[0], None, None, x.shape[3])))


def _reflected(length: Tensor, multiple: int) -> Tensor:
    """Indices `0 .. length - 1` and on by reflection at the last pixel, back and forth in a map smaller than that."""
    padded = (length + multiple - 1) // multiple * multiple
    # Of plain numbers Keras makes int16 where its floatx is float16.
    period = ops.maximum(ops.cast(2 * (length - 1), "int32"), ops.cast(1, "int32"))
    index = ops.arange(padded, dtype="int32") % period
    return ops.minimum(index, period - index)
