"""FADE: fusing the assets of decoder and encoder."""

from typing import Any

import keras
from keras import ops

from a2u_tf.layers.base import GuidedUpSampling2D
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.ops.layout import merge_phases, split_cells
from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class FADEUpSampling2D(GuidedUpSampling2D):
    """Upsamples features by two with kernels of encoder and decoder, and blends the encoder's details in by a gate.

    With the guidance `X`, the inputs `Z`, nearest enlargement `↑` and one 3x3 convolution `Q` (bias included) for both,

    `L = Q(We X + be) + Q(Wd Z)↑,   K = softmax_taps(L),   g = sigmoid(<w, Z> + b)↑`

    `out = g * X + (1 - g) * reassemble(K, Z)`

    The window of `Q` moves by one pixel per output on the encoder and by one per 2 x 2 outputs on the decoder: the
    semi-shift convolution. Reassembly counts taps outside the map as zero, so its part is attenuated within
    `kernel_size // 2` cells of the border. All weights start Glorot-uniform, biases at zero.
    With C channels in both and the defaults the layer has `129 C + 14490` parameters, `51 C + 276` where `lite`.

    Args:
        kernel_size: Odd integer, side of the window on the inputs.
        embedding_size: Integer >= 1, channels that `We` and `Wd` make for `Q`; with `lite` it is not used.
        lite: Whether to use FADE-Lite: `kernel_size**2` embedding channels and a depthwise `Q`.
        implementation: `"auto"`, `"composite"` or `"compiled"`, see `a2u_tf.ops.reassemble_up`.

    Call arguments:
        inputs: Float tensor of shape `(N, H, W, C)`.
        guidance: Float tensor of shape `(N, 2 * H, 2 * W, C)`.

    Output shape: `(N, 2 * H, 2 * W, C)`. The softmax is computed in float32 also under half-precision policies.
    Reference: Lu et al., "FADE: Fusing the Assets of Decoder and Encoder for Task-Agnostic Upsampling", ECCV 2022.
    """

    fixed_scale = 2
    settings = ("kernel_size", "embedding_size", "lite")

    def __init__(self, kernel_size: int = 5, embedding_size: int = 64, lite: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._reassembles("up", kernel_size)
        (self.embedding_size,) = positive_integers(embedding_size=embedding_size)
        self.lite = lite

    def build(self, inputs_shape: Shape, guidance_shape: Shape | None = None) -> None:
        guidance_shape = self.check_shapes(inputs_shape, guidance_shape)
        taps = self.kernel_size**2
        depth = taps if self.lite else self.embedding_size
        self.embedding_guidance = self._dense("embedding_guidance", guidance_shape, depth, wide=False)
        self.embedding_inputs = self._dense("embedding_inputs", inputs_shape, depth, wide=False, use_bias=False)
        name, embedded_shape = "content_encoder", (*guidance_shape[:3], depth)
        if self.lite:
            settings: dict[str, Any] = {"kernel_size": 3, "padding": "same", "data_format": self.data_format}
            self.content_encoder = self._sublayer(keras.layers.DepthwiseConv2D, name, embedded_shape, **settings)
        else:
            self.content_encoder = self._convolution(name, embedded_shape, taps, 3)
        self.gate = self._dense("gate", inputs_shape, 1, wide=False)

    def upsample(self, inputs: Tensor, guidance: Tensor) -> Tensor:
        upsampled = self._reassemble(inputs, self._kernels(inputs, guidance))
        gate = ops.sigmoid(self.gate(inputs))[:, :, None, :, None, :]
        fine, coarse = (split_cells(x, ops.shape(inputs)[1:3], 2) for x in (guidance, upsampled))
        return merge_phases(gate * fine + (1 - gate) * coarse)

    def _kernels(self, inputs: Tensor, guidance: Tensor) -> Tensor:
        """`(N, 2 * H, 2 * W, kernel_size**2)`: what reassembles the inputs."""
        fine = self.content_encoder(self.embedding_guidance(guidance))
        coarse = self.content_encoder(self.embedding_inputs(inputs))
        fine, coarse = (ops.cast(x, wide_dtype(self.compute_dtype)) for x in (fine, coarse))
        logits = merge_phases(split_cells(fine, ops.shape(inputs)[1:3], 2) + coarse[:, :, None, :, None, :])
        return ops.cast(ops.softmax(logits, axis=-1), self.compute_dtype)

    def check_shapes(self, inputs_shape: Shape, guidance_shape: Shape | None) -> Shape:
        guidance_shape = super().check_shapes(inputs_shape, guidance_shape)
        if inputs_shape[-1] != guidance_shape[-1]:
            raise ValueError(
                "FADEUpSampling2D blends its guidance into its inputs and needs the same channels in both. Received: "
                f"inputs.shape={tuple(inputs_shape)}, guidance.shape={tuple(guidance_shape)}. Project the guidance "
                f"first, with `keras.layers.Dense({inputs_shape[-1]})`."
            )
        return guidance_shape
