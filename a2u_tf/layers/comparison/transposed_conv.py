"""Transposed convolution that keeps the channels and enlarges by exactly the scale."""

from typing import Any

import keras

from a2u_tf.layers.base import ResamplingLayer
from a2u_tf.layers.checks import check_features
from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class TransposedConvUpSampling2D(ResamplingLayer):
    """Upsamples features with `keras.layers.Conv2DTranspose`, centred as in the published comparisons.

    Output pixel `(y, x)` of source pixel `(i, j)` and weight `(u, v)`: `y = r i - p + u`, `x = r j - p + v` with
    `p = (k - 1) // 2`. `Conv2DTranspose(padding="same")` lies one pixel further for odd k. `(k**2 C + 1) C` parameters.

    Args:
        scale: Integer >= 1, the resampling ratio r. Default: 2. `size` is Keras' name for it.
        kernel_size: Integer k of at least `2 r - 2`, or the last pixels would have no source. Default: `2 r - 1`.

    Input shape: `(N, h, w, C)`, any size. Output shape: `(N, scale * h, scale * w, C)`.
    Reference: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015.
    """

    settings = ("kernel_size",)

    def __init__(self, scale: int | None = None, kernel_size: int | None = None, **kwargs: Any) -> None:
        super().__init__(scale, **kwargs)
        (self.kernel_size,) = positive_integers(kernel_size=2 * self.scale - 1 if kernel_size is None else kernel_size)
        if self.kernel_size < 2 * self.scale - 2:
            raise ValueError(
                f"`kernel_size` must be an integer of at least {2 * self.scale - 2} at scale {self.scale}, or the last "
                f"output pixels would have no source. Received: kernel_size={kernel_size!r}"
            )

    def build(self, inputs_shape: Shape) -> None:
        channels, settings = check_features(self, inputs_shape), {"strides": self.scale, "padding": "valid"}
        kind = keras.layers.Conv2DTranspose
        self.conv = self._convolution("conv", inputs_shape, channels, self.kernel_size, kind, **settings)

    def call(self, inputs: Tensor) -> Tensor:
        before = (self.kernel_size - 1) // 2
        after = self.kernel_size - self.scale - before
        kept = slice(before, -after if after else None)
        return self.conv(inputs)[:, kept, kept]
