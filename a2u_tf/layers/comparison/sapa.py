"""SAPA: similarity-aware point affiliation."""

from typing import Any

import keras
from keras import ops

from a2u_tf.layers.base import GuidedUpSampling2D
from a2u_tf.layers.checks import one_of
from a2u_tf.ops import composite
from a2u_tf.ops.layout import merge_phases, split_cells
from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Shape, Tensor

SIMILARITIES = ("bilinear", "inner_product", "gated")


@keras.saving.register_keras_serializable(package="a2u_tf")
class SAPAUpSampling2D(GuidedUpSampling2D):
    """Upsamples features with kernels of the similarity between an encoder pixel and the decoder pixels around it.

    With `X' = LayerNorm(guidance)` and `Z' = LayerNorm(inputs)` over the channels of each pixel (epsilon 1e-5),

    `S[y,x,t] = <q[y,x], k[y//r + i - p, x//r + j - p]>,   K = softmax_t(S),   out = reassemble(K, inputs)`

    | `similarity` | query `q` | key `k` | parameters with C channels in both, `d = 32` |
    |---|---|---|---|
    | `"inner_product"` (SAPA-I) | X' | Z' | none: its LayerNorm has no scale and offset |
    | `"bilinear"` (SAPA-B) | Wq X' + bq | Wk Z' + bk | 68 C + 64 |
    | `"gated"` (SAPA-G), shared projection | Wq (g X' + (1 - g) Z'↑) + bq | as B | 69 C + 65 |
    | `"gated"`, two projections | g (Wq X' + bq) + (1 - g) (Wz Z↑ + bz), Z not normalised | as B | 101 C + 97 |

    with `g = sigmoid(<w, Z'> + b)` of the decoder pixel and `↑` nearest enlargement. Taps outside the map score 0,
    stay in the softmax, and contribute nothing: outputs within `kernel_size // 2` cells of the border are attenuated.
    Only in the interior do constant features stay constant.
    The shared projection meets the parameter counts that the paper publishes, the other is the released code's.
    Projections start at N(0, 0.02) without bias, so that the kernels start near a box average.

    Args:
        scale: Integer r >= 1, the resampling ratio. Default: 2. `size` is Keras' name for it.
        kernel_size: Odd integer, side of the window on the inputs.
        similarity: `"bilinear"`, `"inner_product"` or `"gated"`.
        embedding_size: Integer d >= 1, channels of queries and keys; `"inner_product"` does not use it.
        share_query_projection: Whether one projection makes the queries from guidance and inputs; for `"gated"` alone.
        implementation: `"auto"`, `"composite"` or `"compiled"`, see `a2u_tf.ops.reassemble_up`.

    Call arguments:
        inputs: Float tensor of shape `(N, H, W, C)`.
        guidance: Float tensor of shape `(N, scale * H, scale * W, D)`. `D` must be `C` for `"inner_product"` and
            `"gated"` with a shared projection.

    Output shape: `(N, scale * H, scale * W, C)`. Kernels are made in float32 also under half-precision policies.
    Reference: Lu et al., "SAPA: Similarity-Aware Point Affiliation for Feature Upsampling", NeurIPS 2022.
    """

    settings = ("kernel_size", "similarity", "embedding_size", "share_query_projection")

    def __init__(
        self,
        scale: int | None = None,
        kernel_size: int = 5,
        similarity: str = "bilinear",
        embedding_size: int = 32,
        share_query_projection: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(scale, **kwargs)
        self._reassembles("up", kernel_size)
        (self.embedding_size,) = positive_integers(embedding_size=embedding_size)
        self.similarity = one_of("similarity", similarity, SIMILARITIES)
        self.share_query_projection = share_query_projection

    def build(self, inputs_shape: Shape, guidance_shape: Shape | None = None) -> None:
        guidance_shape = self.check_shapes(inputs_shape, guidance_shape)
        self.norm_inputs = self._layer_norm("norm_inputs", inputs_shape)
        self.norm_guidance = self._layer_norm("norm_guidance", guidance_shape)
        if self.similarity != "inner_product":
            self.query = self._project("query", guidance_shape, self.embedding_size)
            self.key = self._project("key", inputs_shape, self.embedding_size)
        if self.similarity == "gated":
            self.gate = self._project("gate", inputs_shape, 1)
            if not self.share_query_projection:
                self.query_inputs = self._project("query_inputs", inputs_shape, self.embedding_size)

    def upsample(self, inputs: Tensor, guidance: Tensor) -> Tensor:
        kernels = ops.softmax(self._scores(inputs, guidance), axis=-1)
        return self._reassemble(inputs, ops.cast(kernels, self.compute_dtype))

    def _scores(self, inputs: Tensor, guidance: Tensor) -> Tensor:
        """`(N, scale * H, scale * W, kernel_size**2)`: what the softmax reads, in float32."""
        query, key = self.norm_guidance(guidance), self.norm_inputs(inputs)
        if self.similarity != "inner_product":
            query = self.query(query)
            query = self._gated(query, inputs, key) if self.similarity == "gated" else query
            key = self.key(key)
        return composite.similarity(query, key, self._reassemble.window)

    def _gated(self, query: Tensor, inputs: Tensor, normalized: Tensor) -> Tensor:
        """The queries of guidance and inputs, mixed by the gate: the same as projecting a mixture, at less cost."""
        own = self.query(normalized) if self.share_query_projection else self.query_inputs(inputs)
        gate = ops.sigmoid(self.gate(normalized))
        gate, own = (x[:, :, None, :, None, :] for x in (gate, own))
        query = split_cells(query, ops.shape(inputs)[1:3], self.scale)
        return merge_phases(gate * query + (1 - gate) * own)

    def _layer_norm(self, name: str, shape: Shape) -> keras.layers.LayerNormalization:
        affine = self.similarity != "inner_product"
        settings = {"epsilon": 1e-5, "center": affine, "scale": affine}
        return self._sublayer(keras.layers.LayerNormalization, name, shape, wide=True, **settings)

    def _project(self, name: str, shape: Shape, units: int) -> keras.layers.Dense:
        return self._dense(name, shape, units, kernel_initializer=keras.initializers.RandomNormal(stddev=0.02))

    def check_shapes(self, inputs_shape: Shape, guidance_shape: Shape | None) -> Shape:
        guidance_shape = super().check_shapes(inputs_shape, guidance_shape)
        own = self.similarity == "bilinear" or (self.similarity == "gated" and not self.share_query_projection)
        if not own and inputs_shape[-1] != guidance_shape[-1]:
            raise ValueError(
                f'SAPAUpSampling2D with similarity="{self.similarity}" needs guidance with the channels of its inputs. '
                f"Received: inputs.shape={tuple(inputs_shape)}, guidance.shape={tuple(guidance_shape)}. Use "
                'similarity="bilinear", or "gated" with share_query_projection=False.'
            )
        return guidance_shape
