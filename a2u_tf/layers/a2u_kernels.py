"""The kernel generator of affinity-aware upsampling: guidance in, kernel maps out."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from a2u_tf.layers.base import ReassemblingLayer
from a2u_tf.layers.checks import check_guidance, one_of
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.ops.encoding import encode
from a2u_tf.ops.normalization import normalize_down, normalize_up
from a2u_tf.ops.pooling import adaptive_average_pool
from a2u_tf.ops.reduction import sum_channels
from a2u_tf.ops.validation import check_settings, positive_integers
from a2u_tf.types import Shape, Tensor

VARIANTS = ("static", "hybrid", "dynamic")
DIRECTIONS = ("up", "down")
SETTINGS = ("kernel_size", "encoding_size", "variant", "channel_shared", "rank", "groups", "use_bias", "use_norm")


@keras.saving.register_keras_serializable(package="a2u_tf")
class A2UKernels(ReassemblingLayer):
    """Makes affinity-aware resampling kernels from a guidance feature map.

    The guidance `X` is encoded twice with stride `scale`, each result goes through its own GroupNorm and LeakyReLU,
    their scaled inner product over the channels is the affinity, and a projection turns it into kernels:

    `a_q = (1 / sqrt(C)) * sum_c lrelu(GN(X * U_q))_c * lrelu(GN(X * V_q))_c,   raw = P a`

    `up = softmax_taps(sigmoid(pixel_shuffle(raw)))`, one tap: `sigmoid` alone;  `down = softmax_taps(raw)`

    | variant | P | U and V |
    |---|---|---|
    | `"static"` | trained | trained |
    | `"hybrid"` | 1x1 convolution of the global average of X | trained |
    | `"dynamic"` | 1x1 convolution of the global average of X | 1x1 convolution of X, average-pooled to k x k |

    Global averages see the whole map: kernels of a crop or a tile differ from those of the whole picture.

    Args:
        scale: Integer >= 1, the resampling ratio r. Default: 2. `size` is Keras' name for it.
        kernel_size: Odd integer s, side of the upsampling kernel. The downsampling kernel has side `scale * s`.
        encoding_size: Integer k, side of the encoding filters U and V. Default: `3 * scale`, 6 at scale 2 as in the
            released models; the filter then spans the three cells of `scale` pixels that a 3 x 3 upsampling kernel
            weighs, on the guidance's own resolution.
        variant: `"static"`, `"hybrid"` or `"dynamic"`.
        channel_shared: Whether one encoding filter serves all channels (cs) or each channel has its own (cw).
        rank: Integer d >= 1, rank of the bilinear form; 1 in the paper.
        groups: Kernels per pixel, each for its share of the channels that are resampled.
        directions: Which kernels to make: `("up",)`, `("down",)` or `("up", "down")`. U and V are shared, P is not.
        use_bias: Whether the 1x1 convolutions have biases.
        use_norm: Whether the encodings are normalised: GroupNorm with the largest group count up to 32 that divides
            the channels. Without it the affinity is unbounded.
        encoding_stride: `scale` (default) where the guidance has the output's resolution, 1 where the guidance is the
            feature to upsample itself; `directions` must then be `("up",)`.
        implementation: How the guidance is encoded: `"auto"`, `"composite"` or `"compiled"`, see
            `a2u_tf.ops.reassemble_up`.

    Input shape:
        `(N, H, W, C)`, any height, width and channel count.

    Output shape:
        Dict of `"up"`: `(N, H, W, groups * kernel_size**2)`, or `scale` times that height and width with
        `encoding_stride=1`; `"down"`: `(N, ceil(H / scale), ceil(W / scale), groups * (scale * kernel_size)**2)`. Taps
        are ordered group, row, column, as `a2u_tf.ops.reassemble_up` reads them. Kernels are made in float32 also under
        half-precision policies, and cast at the end.

    Example:

    >>> guidance = keras.random.normal((2, 32, 32, 16))
    >>> kernels = a2u_tf.layers.A2UKernels(directions=("up", "down"))(guidance)
    >>> kernels["up"].shape, kernels["down"].shape
    ((2, 32, 32, 9), (2, 16, 16, 36))

    Reference: Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021, Figure 2;
    supplementary, Table 1.
    """

    settings = (*SETTINGS, "directions", "encoding_stride")

    def __init__(
        self,
        scale: int | None = None,
        kernel_size: int = 3,
        encoding_size: int | None = None,
        variant: str = "dynamic",
        channel_shared: bool = True,
        rank: int = 1,
        groups: int = 1,
        directions: str | Sequence[str] = ("up",),
        use_bias: bool = True,
        use_norm: bool = True,
        encoding_stride: int | None = None,
        implementation: str = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(scale, implementation=implementation, **kwargs)
        self.kernel_size, scale, self.groups = check_settings("up", kernel_size, self.scale, groups)
        encoding_size = 3 * scale if encoding_size is None else encoding_size
        self.encoding_size, self.rank = positive_integers(encoding_size=encoding_size, rank=rank)
        self.variant = one_of("variant", variant, VARIANTS)
        directions = (directions,) if isinstance(directions, str) else tuple(directions)
        if not directions or len(set(directions)) < len(directions) or not set(directions) <= set(DIRECTIONS):
            raise ValueError(
                f'`directions` must be ("up",), ("down",) or ("up", "down"). Received: directions={directions!r}'
            )
        encoding_stride = scale if encoding_stride is None else encoding_stride
        if encoding_stride not in (1, scale) or (encoding_stride != scale and directions != ("up",)):
            raise ValueError(
                "`encoding_stride` must be the scale, or 1 with directions=('up',) where the guidance is the feature "
                f"to upsample. Received: encoding_stride={encoding_stride!r}, scale={scale}, directions={directions!r}"
            )
        self.channel_shared = channel_shared
        self.directions = directions
        self.use_bias = use_bias
        self.use_norm = use_norm
        self.encoding_stride = int(encoding_stride)

    def build(self, guidance_shape: Shape) -> None:
        channels = check_guidance(guidance_shape)
        guidance_shape = tuple(guidance_shape)
        depth = 1 if self.channel_shared else channels
        pooled_shape = (guidance_shape[0], self.encoding_size, self.encoding_size, channels)
        if self.variant == "dynamic":
            self.encoder_u = self._convolution("encoder_u", pooled_shape, self.rank * depth)
            self.encoder_v = self._convolution("encoder_v", pooled_shape, self.rank * depth)
        else:
            shape = (self.encoding_size, self.encoding_size, self.rank, depth)
            self.encoder_u = self.add_weight(shape, _initializer(), autocast=False, name="encoder_u")
            self.encoder_v = self.add_weight(shape, _initializer(), autocast=False, name="encoder_v")
        values = (self.scale * self.kernel_size) ** 2 * self.groups
        self.projection_up = self.projection_down = None
        if "up" in self.directions:
            self.projection_up = self._projection(values, channels, "projection_up")
        if "down" in self.directions:
            self.projection_down = self._projection(values, channels, "projection_down")
        self.norm_u = self.norm_v = None
        if self.use_norm:
            groups = self.rank * max(n for n in range(1, 33) if channels % n == 0)
            encoded_shape = (*guidance_shape[:3], self.rank * channels)
            settings: dict[str, Any] = {"groups": groups, "epsilon": 1e-5, "wide": True}
            self.norm_u = self._sublayer(keras.layers.GroupNormalization, "norm_u", encoded_shape, **settings)
            self.norm_v = self._sublayer(keras.layers.GroupNormalization, "norm_v", encoded_shape, **settings)
        super().build(guidance_shape)

    def call(self, guidance: Tensor) -> dict[str, Tensor]:
        guidance = ops.cast(guidance, wide_dtype(self.compute_dtype))  # encodings of large features overflow float16
        affinity = self._affinity(guidance)
        height, width = ops.shape(guidance)[1:3]
        size = height * self.scale // self.encoding_stride, width * self.scale // self.encoding_stride
        average = None if self.variant == "static" else ops.mean(guidance, axis=(1, 2))
        kernels = {}
        if "up" in self.directions:
            raw = self._project(affinity, self.projection_up, average)
            up = normalize_up(raw, self.kernel_size, self.scale, self.groups)
            # Odd guidance leaves the last cells partly filled.
            kernels["up"] = ops.cast(up[:, : size[0], : size[1]], self.compute_dtype)
        if "down" in self.directions:
            raw = self._project(affinity, self.projection_down, average)
            kernels["down"] = ops.cast(normalize_down(raw, self.scale * self.kernel_size), self.compute_dtype)
        return kernels

    def _affinity(self, guidance: Tensor) -> Tensor:
        """`(N, rows, columns, rank)`: the scaled inner products of the two embedded encodings, in float32."""
        channels = guidance.shape[-1]
        embedded = []
        pooled = adaptive_average_pool(guidance, self.encoding_size) if self.variant == "dynamic" else None
        for encoder, norm in ((self.encoder_u, self.norm_u), (self.encoder_v, self.norm_v)):
            filters = encoder[None] if pooled is None else encoder(pooled)
            depth = 1 if self.channel_shared else channels
            filters = ops.reshape(filters, (-1, self.encoding_size, self.encoding_size, self.rank, depth))
            filters = ops.cast(filters, guidance.dtype)
            encoded = [
                encode(guidance, filters[..., q, :], self.encoding_stride, self.implementation)
                for q in range(self.rank)
            ]
            encoded = ops.concatenate(encoded, axis=-1) if self.rank > 1 else encoded[0]
            encoded = encoded if norm is None else norm(encoded)
            encoded = ops.cast(encoded, guidance.dtype)
            # LeakyReLU(0.01); TensorFlow's own rounds its slope to float32, and torch's `ops.maximum` what it reads.
            embedded.append(ops.where(encoded > 0, encoded, 0.01 * encoded))
        return sum_channels(embedded[0] * embedded[1], groups=self.rank) / math.sqrt(channels)

    def _project(self, affinity: Tensor, projection: Any, average: Tensor | None) -> Tensor:
        """`(N, rows, columns, scale**2 * groups * kernel_size**2)`: one raw value per tap, sub-position and group."""
        matrix = ops.cast(projection if average is None else projection(average), affinity.dtype)
        values = matrix.shape[-1] if average is None else matrix.shape[-1] // self.rank
        matrix = ops.reshape(matrix, (-1, 1, self.rank, values))
        return affinity @ matrix  # torch's `ops.matmul` makes float32 of float64

    def _projection(self, values: int, channels: int, name: str) -> Any:
        if self.variant == "static":
            return self.add_weight((self.rank, values), _initializer(), autocast=False, name=name)
        return self._convolution(name, (None, channels), self.rank * values)

    def _convolution(self, name: str, shape: Shape, units: int) -> keras.layers.Dense:
        return self._dense(name, shape, units, use_bias=self.use_bias, kernel_initializer=_initializer())

    def compute_output_shape(self, guidance_shape: Shape) -> dict[str, Shape]:
        batch, height, width, _ = guidance_shape
        shapes: dict[str, Shape] = {}
        for direction in self.directions:
            if direction == "up":
                ratio = self.scale // self.encoding_stride
                size = tuple(None if n is None else n * ratio for n in (height, width))
                shapes["up"] = (batch, *size, self.groups * self.kernel_size**2)
            else:
                size = tuple(None if n is None else -(-n // self.scale) for n in (height, width))
                shapes["down"] = (batch, *size, self.groups * (self.scale * self.kernel_size) ** 2)
        return shapes


def _initializer() -> keras.initializers.Initializer:
    """Xavier-normal with the gain of LeakyReLU(0.01), as the released models are initialised."""
    return keras.initializers.VarianceScaling(2 / (1 + 0.01**2), mode="fan_avg", distribution="untruncated_normal")
