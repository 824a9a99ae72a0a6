"""Bilinear upsampling of maps whose size is known only when they come."""

from typing import Any

import keras

from a2u_tf.layers.checks import read_data_format, read_scale
from a2u_tf.types import Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class BilinearUpSampling2D(keras.layers.UpSampling2D):
    """`keras.layers.UpSampling2D` with bilinear interpolation, also where a TensorFlow graph leaves the size open.

    There Keras 3.15 asks in Python whether the new size is positive, which a graph cannot answer.

    Args:
        scale: Integer >= 1, the resampling ratio. Default: 2. `size` is Keras' name for it.
    """

    def __init__(
        self,
        scale: int | None = None,
        *,
        size: Any = None,
        data_format: str | None = None,
        interpolation: str = "bilinear",
        **kwargs: Any,
    ) -> None:
        if interpolation != "bilinear":
            raise ValueError(
                f"{type(self).__name__} interpolates bilinearly. Received: interpolation={interpolation!r}. Use "
                "keras.layers.UpSampling2D for others."
            )
        data_format = read_data_format(type(self).__name__, data_format)
        super().__init__(read_scale(scale, size), data_format, interpolation, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        if keras.backend.backend() != "tensorflow" or None not in inputs.shape[1:3]:
            return super().call(inputs)
        import tensorflow as tf

        resized = tf.image.resize(inputs, tf.shape(inputs)[1:3] * self.size, "bilinear")
        return tf.cast(resized, inputs.dtype)
