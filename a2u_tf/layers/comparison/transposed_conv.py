"""Transposed convolution that keeps the channels and enlarges by exactly the scale."""

import keras
from keras import layers

from a2u_tf.layers.checks import check_features
from a2u_tf.ops.validation import check_settings


@keras.saving.register_keras_serializable(package="a2u_tf")
class TransposedConvUpSampling2D(layers.Layer):
    """Upsamples features with `keras.layers.Conv2DTranspose`, centred as in the published comparisons.

    Output pixel `(y, x)` of source pixel `(i, j)` and weight `(u, v)`: `y = r i - p + u`, `x = r j - p + v` with
    `p = (k - 1) // 2`. `Conv2DTranspose(padding="same")` lies one pixel further for odd k.

    Args:
        scale: Integer >= 1, the resampling ratio r.
        kernel_size: Integer k of at least `2 r - 2`, or the last output pixels would have no source. Default:
            `2 r - 1`.

    Call arguments:
        inputs: Float tensor of shape `(N, h, w, C)`, any size.

    Output shape:
        `(N, scale * h, scale * w, C)`.

    Parameters: `(k**2 C + 1) C`.

    Reference: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015.
    """

    def __init__(self, scale=2, kernel_size=None, **kwargs):
        super().__init__(**kwargs)
        check_settings("down", 1, scale, 1)
        kernel_size = 2 * scale - 1 if kernel_size is None else kernel_size
        smallest = max(1, 2 * scale - 2)
        if not isinstance(kernel_size, int) or kernel_size < smallest:
            raise ValueError(
                f"`kernel_size` must be an integer of at least {smallest} at scale {scale}, or the last output pixels "
                f"would have no source. Received: kernel_size={kernel_size!r}"
            )
        self.scale = scale
        self.kernel_size = kernel_size

    def build(self, inputs_shape):
        check_features(self, inputs_shape)
        self.conv = layers.Conv2DTranspose(
            inputs_shape[-1],
            self.kernel_size,
            strides=self.scale,
            dtype=self.dtype_policy,
            trainable=self.trainable,
            name="conv",
        )
        self.conv.build(inputs_shape)
        super().build(inputs_shape)

    def call(self, inputs):
        before = (self.kernel_size - 1) // 2
        after = self.kernel_size - self.scale - before
        kept = slice(before, -after if after else None)
        return self.conv(inputs)[:, kept, kept]

    def compute_output_shape(self, inputs_shape):
        batch, height, width, channels = inputs_shape
        return (batch, *(size and size * self.scale for size in (height, width)), channels)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "kernel_size": self.kernel_size}
