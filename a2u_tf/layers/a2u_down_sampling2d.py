"""Affinity-aware downsampling as a layer."""

import keras

from a2u_tf.layers.checks import check_guidance
from a2u_tf.layers.resampling2d import A2UResampling2D
from a2u_tf.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class A2UDownSampling2D(A2UResampling2D):
    """Downsamples features with affinity-aware kernels: for use where a pooling layer stands.

    The twin of `A2UUpSampling2D`: kernels from the feature itself, windows of `scale * kernel_size` pixels, weights
    of a softmax over the window. To share encodings with the decoder, use `A2UKernels` with
    `directions=("up", "down")` and two `Reassembly2D`.

    Args:
        scale: Integer >= 1, the resampling ratio. Default: 2. `size` is Keras' name for it.
        kernel_size: Odd integer s; the window has side `scale * s`.
        encoding_size: Side of the encoding filters. Default: `3 * scale`, see `A2UKernels`.
        variant: `"static"`, `"hybrid"` or `"dynamic"`; with `channel_shared` the six variants of Table 1.
        channel_shared: Whether one encoding filter serves all channels.
        rank: Rank of the bilinear form; 1 in the paper.
        groups: Kernels per pixel; must divide the channels.
        use_bias: Whether the 1x1 convolutions of the kernel generator have biases.
        use_norm: Whether the kernel generator normalises its encodings.
        implementation: `"auto"`, `"composite"` or `"compiled"`, see `a2u_tf.ops.reassemble_down`.

    Call arguments:
        inputs: Float tensor of shape `(N, H, W, C)`.

    Output shape:
        `(N, ceil(H / scale), ceil(W / scale), C)`.

    Example:

    >>> a2u_tf.layers.A2UDownSampling2D()(keras.random.normal((2, 31, 32, 64))).shape
    (2, 16, 16, 64)

    Reference: Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021.
    """

    direction = "down"

    def build(self, inputs_shape: Shape) -> None:
        self.kernels = self._make_kernels(inputs_shape)
        super().build(inputs_shape)

    def call(self, inputs: Tensor) -> Tensor:
        return self._reassemble_by(self.kernels(inputs), inputs)

    def compute_output_shape(self, inputs_shape: Shape) -> Shape:
        check_guidance(inputs_shape)
        batch, height, width, _ = inputs_shape
        return self._output_shape(inputs_shape, (batch, *(n and -(-n // self.scale) for n in (height, width))))
