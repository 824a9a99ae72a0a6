"""Affinity-aware upsampling as a layer."""

import keras

from a2u_tf.layers.checks import check_guidance
from a2u_tf.layers.resampling2d import A2UResampling2D
from a2u_tf.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class A2UUpSampling2D(A2UResampling2D):
    """Upsamples features with affinity-aware kernels: for use where `keras.layers.UpSampling2D` stands.

    With one input the kernels come from the feature itself. With `guidance`, an encoder feature of the output's
    resolution, they follow its edges: the form of the paper.

    Args:
        scale: Integer >= 1, the resampling ratio. Default: 2. `size` is Keras' name for it.
        kernel_size: Odd integer, side of the window on the feature.
        encoding_size: Side of the encoding filters. Default: `3 * scale`, see `A2UKernels`.
        variant: `"static"`, `"hybrid"` or `"dynamic"`; with `channel_shared` the six variants of Table 1.
        channel_shared: Whether one encoding filter serves all channels.
        rank: Rank of the bilinear form; 1 in the paper.
        groups: Kernels per pixel; must divide the feature's channels.
        use_bias: Whether the 1x1 convolutions of the kernel generator have biases.
        use_norm: Whether the kernel generator normalises its encodings.
        implementation: `"auto"`, `"composite"` or `"compiled"`, see `a2u_tf.ops.reassemble_up`.

    Call arguments:
        inputs: Float tensor of shape `(N, h, w, C)`.
        guidance: Optional float tensor of shape `(N, H, W, any)` with `h = ceil(H / scale)` and `w = ceil(W / scale)`.
            A layer is built for one of the two forms and keeps to it.

    Output shape:
        `(N, H, W, C)` with guidance, also where H or W are odd; `(N, scale * h, scale * w, C)` without.

    Example:

    >>> a2u_tf.layers.A2UUpSampling2D()(keras.random.normal((2, 16, 16, 64))).shape
    (2, 32, 32, 64)
    >>> inputs, guidance = keras.random.normal((2, 16, 16, 64)), keras.random.normal((2, 31, 31, 24))
    >>> a2u_tf.layers.A2UUpSampling2D()(inputs, guidance=guidance).shape
    (2, 31, 31, 64)

    Reference: Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021.
    """

    direction = "up"

    def build(self, inputs_shape: Shape, guidance_shape: Shape | None = None) -> None:
        self._guided = guidance_shape is not None
        self.kernels = self._make_kernels(guidance_shape) if guidance_shape else self._make_kernels(inputs_shape, 1)
        super().build(inputs_shape)

    def call(self, inputs: Tensor, guidance: Tensor | None = None) -> Tensor:
        if self._guided != (guidance is not None):
            raise ValueError(
                f"{self.name} was built {'with' if self._guided else 'without'} guidance and was now called "
                f"{'without' if self._guided else 'with'} it. Use one layer for each form."
            )
        return self._reassemble_by(self.kernels(guidance if self._guided else inputs), inputs)

    def compute_output_shape(self, inputs_shape: Shape, guidance_shape: Shape | None = None) -> Shape:
        if guidance_shape is not None:
            check_guidance(guidance_shape)
            return self._output_shape(inputs_shape, guidance_shape[:3])
        return self._output_shape(inputs_shape, super().compute_output_shape(inputs_shape)[:3])
