"""CARAFE: content-aware reassembly of features."""

from typing import Any

import keras

from a2u_tf.layers.base import ReassemblingLayer
from a2u_tf.layers.checks import check_features
from a2u_tf.ops.composite.kernels import softmax_taps
from a2u_tf.ops.layout import depth_to_space
from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class CARAFEUpSampling2D(ReassemblingLayer):
    """Upsamples features with kernels that a small encoder predicts from the features themselves.

    `K = softmax_taps(pixel_shuffle(conv3x3(conv1x1(Z))))`, then reassembly of `Z` by `K`. The last convolution starts
    close to zero, so that a new layer averages windows of `kernel_size x kernel_size`. There are
    `(C + 1) M + (e**2 M + 1) g k**2 r**2` parameters; by default `64 C + 57,764`.

    Args:
        scale: Integer >= 1, the resampling ratio r. Default: 2. `size` is Keras' name for it.
        kernel_size: Odd side k of the window on the feature.
        encoder_size: Odd side e of the content encoder's convolution.
        compressed_channels: Channels M between the two convolutions.
        groups: Kernels per pixel, g; a divisor of the feature's channels.
        implementation: `"auto"`, `"composite"` or `"compiled"`, see `a2u_tf.ops.reassemble_up`.

    Input shape: `(N, h, w, C)`, any size. Output shape: `(N, scale * h, scale * w, C)`.
    Reference: Wang, Chen, Xu, Liu, Loy, Lin, "CARAFE: Content-Aware ReAssembly of FEatures", ICCV 2019.
    """

    settings = ("kernel_size", "encoder_size", "compressed_channels", "groups")

    def __init__(
        self,
        scale: int | None = None,
        kernel_size: int = 5,
        encoder_size: int = 3,
        compressed_channels: int = 64,
        groups: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(scale, **kwargs)
        self._reassembles("up", kernel_size, groups)
        sizes = {"encoder_size": encoder_size, "compressed_channels": compressed_channels}
        self.encoder_size, self.compressed_channels = positive_integers(**sizes)
        if self.encoder_size % 2 == 0:
            raise ValueError(f"`encoder_size` must be an odd integer. Received: encoder_size={encoder_size!r}")

    def build(self, inputs_shape: Shape) -> None:
        check_features(self, inputs_shape)
        self.compressor = self._convolution("compressor", inputs_shape, self.compressed_channels, 1)
        compressed_shape = (*inputs_shape[:3], self.compressed_channels)
        values = self.scale**2 * self.groups * self.kernel_size**2
        small = keras.initializers.RandomNormal(stddev=1e-3)
        self.encoder = self._convolution(
            "encoder", compressed_shape, values, self.encoder_size, kernel_initializer=small
        )

    def call(self, inputs: Tensor) -> Tensor:
        return self._reassemble(inputs, self.kernels(inputs))

    def kernels(self, inputs: Tensor) -> Tensor:
        """Return the kernel maps `(N, scale * h, scale * w, groups * kernel_size**2)` of features."""
        logits = depth_to_space(self.encoder(self.compressor(inputs)), self.scale)
        return softmax_taps(logits, self.kernel_size**2)
