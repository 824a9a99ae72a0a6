"""CARAFE: content-aware reassembly of features."""

import keras
from keras import layers, ops

from a2u_tf.layers.base import ReassemblingLayer
from a2u_tf.layers.checks import check_features
from a2u_tf.ops.normalization import softmax_taps
from a2u_tf.ops.reassembly import Reassemble
from a2u_tf.ops.validation import check_settings, positive_integers


@keras.saving.register_keras_serializable(package="a2u_tf")
class CARAFEUpSampling2D(ReassemblingLayer):
    """Upsamples features with kernels that a small encoder predicts from the features themselves.

    `K = softmax_taps(pixel_shuffle(conv3x3(conv1x1(Z))))`, then reassembly of `Z` by `K`. The last convolution starts
    close to zero, so that a new layer averages windows of `kernel_size x kernel_size`.

    Args:
        scale: Integer >= 1, the resampling ratio r. Default: 2. `size` is Keras' name for it.
        kernel_size: Odd side k of the window on the feature.
        encoder_size: Odd side e of the content encoder's convolution.
        compressed_channels: Channels M between the two convolutions.
        groups: Kernels per pixel, g; a divisor of the feature's channels.
        implementation: `"auto"`, `"composite"` or `"compiled"`, see `a2u_tf.ops.reassemble_up`.

    Call arguments:
        inputs: Float tensor of shape `(N, h, w, C)`, any size.

    Output shape:
        `(N, scale * h, scale * w, C)`.

    Parameters: `(C + 1) M + (e**2 M + 1) g k**2 r**2`; by default `64 C + 57,764`.

    Reference: Wang, Chen, Xu, Liu, Loy, Lin, "CARAFE: Content-Aware ReAssembly of FEatures", ICCV 2019.
    """

    def __init__(
        self,
        scale=None,
        kernel_size=5,
        encoder_size=3,
        compressed_channels=64,
        groups=1,
        implementation="auto",
        **kwargs,
    ):
        super().__init__(scale, implementation=implementation, **kwargs)
        self.kernel_size, _, self.groups = check_settings("up", kernel_size, self.scale, groups)
        self.encoder_size, self.compressed_channels = positive_integers(
            encoder_size=encoder_size, compressed_channels=compressed_channels
        )
        if self.encoder_size % 2 == 0:
            raise ValueError(f"`encoder_size` must be an odd integer. Received: encoder_size={encoder_size!r}")
        self._reassemble = Reassemble("up", self.kernel_size, self.scale, self.groups, implementation)

    def build(self, inputs_shape):
        check_features(self, inputs_shape)
        settings = {"filters": self.compressed_channels, "kernel_size": 1, "data_format": self.data_format}
        self.compressor = self._sublayer(layers.Conv2D, "compressor", inputs_shape, **settings)
        settings["filters"] = self.scale**2 * self.groups * self.kernel_size**2
        settings["kernel_size"] = self.encoder_size
        settings |= {"padding": "same", "kernel_initializer": keras.initializers.RandomNormal(stddev=1e-3)}
        compressed_shape = (*inputs_shape[:3], self.compressed_channels)
        self.encoder = self._sublayer(layers.Conv2D, "encoder", compressed_shape, **settings)
        super().build(inputs_shape)

    def call(self, inputs):
        return self._reassemble(inputs, self.kernels(inputs))

    def kernels(self, inputs):
        """Return the kernel maps `(N, scale * h, scale * w, groups * kernel_size**2)` of features."""
        logits = self.encoder(self.compressor(inputs))
        logits = ops.depth_to_space(logits, self.scale, self.data_format) if self.scale > 1 else logits
        return softmax_taps(logits, self.kernel_size)

    def compute_output_shape(self, inputs_shape):
        batch, height, width, channels = inputs_shape
        return (batch, *(size and size * self.scale for size in (height, width)), channels)

    def get_config(self):
        config = {
            "kernel_size": self.kernel_size,
            "encoder_size": self.encoder_size,
            "compressed_channels": self.compressed_channels,
            "groups": self.groups,
        }
        return {**super().get_config(), **config}
