"""Sub-pixel convolution: a convolution makes all sub-positions as channels, and a shuffle lays them out."""

from typing import Any

import keras

from a2u_tf.layers.base import ResamplingLayer
from a2u_tf.layers.checks import check_features
from a2u_tf.ops.layout import depth_to_space
from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class PixelShuffleUpSampling2D(ResamplingLayer):
    """Upsamples features with a convolution to `scale**2` times their channels and `keras.ops.depth_to_space`.

    Args:
        scale: Integer >= 1, the resampling ratio r. Default: 2. `size` is Keras' name for it.
        kernel_size: Side k of the convolution, which has `r**2 (k**2 C + 1) C` parameters.

    Input shape: `(N, h, w, C)`, any size. Output shape: `(N, scale * h, scale * w, C)`.
    Reference: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
    Neural Network", CVPR 2016.
    """

    settings = ("kernel_size",)

    def __init__(self, scale: int | None = None, kernel_size: int = 3, **kwargs: Any) -> None:
        super().__init__(scale, **kwargs)
        (self.kernel_size,) = positive_integers(kernel_size=kernel_size)

    def build(self, inputs_shape: Shape) -> None:
        values = self.scale**2 * check_features(self, inputs_shape)
        self.conv = self._convolution("conv", inputs_shape, values, self.kernel_size)

    def call(self, inputs: Tensor) -> Tensor:
        return depth_to_space(self.conv(inputs), self.scale)
