"""FADE: fusing the assets of decoder and encoder."""

import keras
from keras import ops

from a2u_tf.layers.checks import check_exact_guidance
from a2u_tf.layers.comparison.guidance import checked_guidance
from a2u_tf.ops.implementation import resolve_implementation
from a2u_tf.ops.layout import merge_phases
from a2u_tf.ops.reassembly import Reassemble
from a2u_tf.ops.validation import check_settings


@keras.saving.register_keras_serializable(package="a2u_tf")
class FADEUpSampling2D(keras.layers.Layer):
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

    Output shape:
        `(N, 2 * H, 2 * W, C)`. The softmax is computed in float32 also under half-precision policies.

    Raises:
        ValueError: Where a setting, the size of the guidance or its channels do not fit.

    Example:

    >>> inputs, guidance = keras.random.normal((2, 16, 16, 64)), keras.random.normal((2, 32, 32, 64))
    >>> a2u_tf.layers.comparison.fade.FADEUpSampling2D()(inputs, guidance).shape
    (2, 32, 32, 64)

    Reference: Lu et al., "FADE: Fusing the Assets of Decoder and Encoder for Task-Agnostic Upsampling", ECCV 2022.
    """

    scale = 2

    def __init__(self, kernel_size=5, embedding_size=64, lite=False, implementation="auto", **kwargs):
        super().__init__(**kwargs)
        check_settings("up", kernel_size, self.scale, 1)
        if not isinstance(embedding_size, int) or isinstance(embedding_size, bool) or embedding_size < 1:
            raise ValueError(
                f"`embedding_size` must be an integer of at least 1. Received: embedding_size={embedding_size!r}"
            )
        self.supports_jit = resolve_implementation(implementation)[0] != "compiled"
        self.kernel_size = kernel_size
        self.embedding_size = embedding_size
        self.lite = lite
        self.implementation = implementation
        self._reassemble = Reassemble("up", kernel_size, self.scale, 1, implementation)

    def build(self, inputs_shape, guidance_shape=None):
        self._check_shapes(inputs_shape, guidance_shape)
        taps = self.kernel_size**2
        embedding_size = taps if self.lite else self.embedding_size
        settings = {
            "padding": "same",
            "dtype": self.dtype_policy,
            "trainable": self.trainable,
            "name": "content_encoder",
        }
        self.embedding_guidance = self._dense(embedding_size, guidance_shape, True, "embedding_guidance")
        self.embedding_inputs = self._dense(embedding_size, inputs_shape, False, "embedding_inputs")
        if self.lite:
            self.content_encoder = keras.layers.DepthwiseConv2D(3, **settings)
        else:
            self.content_encoder = keras.layers.Conv2D(taps, 3, **settings)
        self.content_encoder.build((*guidance_shape[:3], embedding_size))
        self.gate = self._dense(1, inputs_shape, True, "gate")
        super().build(inputs_shape)

    def call(self, inputs, guidance=None):
        inputs, guidance = checked_guidance(self, inputs, guidance)
        upsampled = self._reassemble(inputs, self._kernels(inputs, guidance))
        gate = ops.sigmoid(self.gate(inputs))[:, :, None, :, None, :]
        fine, coarse = (self._split_cells(x, inputs) for x in (guidance, upsampled))
        return merge_phases(gate * fine + (1 - gate) * coarse)

    def _kernels(self, inputs, guidance):
        """`(N, 2 * H, 2 * W, kernel_size**2)`: what reassembles the inputs."""
        fine = self.content_encoder(self.embedding_guidance(guidance))
        coarse = self.content_encoder(self.embedding_inputs(inputs))
        wide_dtype = keras.backend.result_type(self.compute_dtype, "float32")
        fine, coarse = (ops.cast(x, wide_dtype) for x in (fine, coarse))
        logits = merge_phases(self._split_cells(fine, inputs) + coarse[:, :, None, :, None, :])
        return ops.cast(ops.softmax(logits, axis=-1), self.compute_dtype)

    def _split_cells(self, x, inputs):
        """`(N, 2 * H, 2 * W, any)` to `(N, H, 2, W, 2, any)`, against which maps of the inputs broadcast."""
        batch, rows, columns, _ = ops.shape(inputs)
        return ops.reshape(x, (batch, rows, self.scale, columns, self.scale, x.shape[-1]))

    def _dense(self, units, shape, use_bias, name):
        """A 1x1 convolution."""
        layer = keras.layers.Dense(
            units, use_bias=use_bias, dtype=self.dtype_policy, trainable=self.trainable, name=name
        )
        layer.build(shape)
        return layer

    def _check_shapes(self, inputs_shape, guidance_shape):
        check_exact_guidance(self, inputs_shape, guidance_shape)
        if inputs_shape[-1] != guidance_shape[-1]:
            raise ValueError(
                "FADEUpSampling2D blends its guidance into its inputs and needs the same channels in both. Received: "
                f"inputs.shape={tuple(inputs_shape)}, guidance.shape={tuple(guidance_shape)}. Project the guidance "
                f"first, with `keras.layers.Dense({inputs_shape[-1]})`."
            )

    def compute_output_shape(self, inputs_shape, guidance_shape=None):
        self._check_shapes(inputs_shape, guidance_shape)
        return (*guidance_shape[:3], inputs_shape[-1])

    def get_config(self):
        config = {
            "kernel_size": self.kernel_size,
            "embedding_size": self.embedding_size,
            "lite": self.lite,
            "implementation": self.implementation,
        }
        return {**super().get_config(), **config}
