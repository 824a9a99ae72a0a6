"""Sub-pixel convolution: a convolution makes all sub-positions as channels, and a shuffle lays them out."""

import keras
from keras import layers, ops

from a2u_tf.layers.base import ResamplingLayer
from a2u_tf.layers.checks import check_features
from a2u_tf.ops.validation import check_settings


@keras.saving.register_keras_serializable(package="a2u_tf")
class PixelShuffleUpSampling2D(ResamplingLayer):
    """Upsamples features with a convolution to `scale**2` times their channels and `keras.ops.depth_to_space`.

    Args:
        scale: Integer >= 1, the resampling ratio r. Default: 2. `size` is Keras' name for it.
        kernel_size: Side k of the convolution.

    Call arguments:
        inputs: Float tensor of shape `(N, h, w, C)`, any size.

    Output shape:
        `(N, scale * h, scale * w, C)`.

    Parameters: `r**2 (k**2 C + 1) C`.

    Reference: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
    Neural Network", CVPR 2016.
    """

    def __init__(self, scale=None, kernel_size=3, **kwargs):
        super().__init__(scale, **kwargs)
        self.kernel_size, _, _ = check_settings("down", kernel_size, self.scale, 1)

    def build(self, inputs_shape):
        check_features(self, inputs_shape)
        settings = {"filters": self.scale**2 * inputs_shape[-1], "kernel_size": self.kernel_size, "padding": "same"}
        self.conv = self._sublayer(layers.Conv2D, "conv", inputs_shape, data_format=self.data_format, **settings)
        super().build(inputs_shape)

    def call(self, inputs):
        x = self.conv(inputs)
        return ops.depth_to_space(x, self.scale, self.data_format) if self.scale > 1 else x

    def compute_output_shape(self, inputs_shape):
        batch, height, width, channels = inputs_shape
        return (batch, *(size and size * self.scale for size in (height, width)), channels)

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size}
