"""The kernel generator of affinity-aware upsampling: guidance in, kernel maps out."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from a2u_tf.layers.base import ReassemblingLayer
from a2u_tf.layers.checks import check_guidance, one_of
from a2u_tf.ops.affinity import affinity, kernel_maps
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.ops.encoding import adaptive_averages
from a2u_tf.ops.validation import checked_window, positive_integers
from a2u_tf.types import Shape, Tensor

VARIANTS = ("static", "hybrid", "dynamic")
NORMALIZATIONS = ("auto", "softmax", "sigmoid")
SETTINGS = (
    *("kernel_size", "encoding_size", "variant", "channel_shared", "rank", "groups", "use_bias", "use_norm"),
    "normalization",
    "projection_initializer",
)


class _Norm(keras.layers.GroupNormalization):
    """Scale and offset of a group norm, which `affinity` reads in their own dtype under any policy."""

    def add_weight(self, *args: Any, **kwargs: Any) -> Any:
        return super().add_weight(*args, **(kwargs | {"autocast": False}))


@keras.saving.register_keras_serializable(package="a2u_tf")
class A2UKernels(ReassemblingLayer):
    """Makes affinity-aware resampling kernels from a guidance feature map.

    The guidance `X` is encoded twice with stride `scale`, each result goes through its own GroupNorm and LeakyReLU,
    their scaled inner product over the channels is the affinity, and a projection turns it into kernels:

    `a_q = (1 / sqrt(C)) * sum_c lrelu(GN(X * U_q))_c * lrelu(GN(X * V_q))_c,   raw = P a`

    `up = softmax_taps(sigmoid(pixel_shuffle(raw)))`, see `normalization`;  `down = softmax_taps(raw)`

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
            released models: what the three cells of `scale` pixels span that a 3 x 3 upsampling kernel weighs.
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
        normalization: Of the upsampling kernels. `"auto"`: softmax over sigmoid, or the sigmoid where a kernel has one
            tap, as the released code does. `"softmax"`: of several taps, an average without the sigmoid's bounds.
            `"sigmoid"`: each tap in (0, 1) by itself, so that a kernel can close, or amplify.
        projection_initializer: Of P. `"released"`: Xavier-normal, as the released models start. Any other is one of
            Keras; with `"zeros"` kernels start as plain averages, or half open, and a network learns from the first
            step on what to take of each tap.
        implementation: How the guidance is encoded and kernels are made of it, as in `a2u_tf.ops.reassemble_up`.

    Input shape: `(N, H, W, C)`, any height, width and channel count.
    Output shape: Dict of `"up"`: `(N, H, W, groups * kernel_size**2)`, or `scale` times that height and width with
    `encoding_stride=1`; `"down"`: `(N, ceil(H / scale), ceil(W / scale), groups * (scale * kernel_size)**2)`. Taps are
    ordered group, row, column. Kernels are made in float32 also under half-precision policies, and cast at the end.

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
        normalization: str = "auto",
        projection_initializer: Any = "released",
        **kwargs: Any,
    ) -> None:
        super().__init__(scale, **kwargs)
        _, self.kernel_size, scale, self.groups = checked_window("up", kernel_size, self.scale, groups)
        encoding_size = 3 * scale if encoding_size is None else encoding_size
        self.encoding_size, self.rank = positive_integers(encoding_size=encoding_size, rank=rank)
        self.variant = one_of("variant", variant, VARIANTS)
        directions = (directions,) if isinstance(directions, str) else tuple(directions)
        if directions not in (("up",), ("down",), ("up", "down"), ("down", "up")):
            raise ValueError(
                f'`directions` must be ("up",), ("down",) or ("up", "down"). Received: directions={directions!r}'
            )
        encoding_stride = scale if encoding_stride is None else encoding_stride
        if encoding_stride not in (1, scale) or (encoding_stride != scale and directions != ("up",)):
            raise ValueError(
                "`encoding_stride` must be the scale, or 1 with directions=('up',) where the guidance is the feature "
                f"to upsample. Received: encoding_stride={encoding_stride!r}, scale={scale}, directions={directions!r}"
            )
        self.normalization = one_of("normalization", normalization, NORMALIZATIONS)
        if normalization != "auto" and "up" not in directions:
            raise ValueError(
                "`normalization` is that of upsampling kernels; those for downsampling always have a softmax. "
                f"Received: normalization={normalization!r}, directions={directions}. Leave it out."
            )
        if normalization == "softmax" and self.kernel_size == 1:
            raise ValueError(
                'A softmax over one tap is 1 everywhere. Received: normalization="softmax", kernel_size=1. Use '
                '"sigmoid", or more taps.'
            )
        if projection_initializer != "released":
            projection_initializer = keras.initializers.get(projection_initializer)
        self.projection_initializer = projection_initializer
        self.channel_shared = channel_shared
        self.directions = directions
        self.use_bias = use_bias
        self.use_norm = use_norm
        self.encoding_stride = int(encoding_stride)

    def build(self, guidance_shape: Shape) -> None:
        channels = check_guidance(guidance_shape)
        guidance_shape = tuple(guidance_shape)
        size, depth = self.encoding_size, 1 if self.channel_shared else channels
        pooled_shape = (guidance_shape[0], size, size, channels) if self.variant == "dynamic" else None
        encoder = (size, size, self.rank, depth), pooled_shape
        self.encoder_u = self._trained_or_predicted("encoder_u", *encoder)
        self.encoder_v = self._trained_or_predicted("encoder_v", *encoder)
        average_shape = None if self.variant == "static" else (None, channels)
        shape = self.rank, (self.scale * self.kernel_size) ** 2 * self.groups
        projection = shape, average_shape, self.projection_initializer
        self.projection_up = self.projection_down = None
        self.norm_u: Any = None
        self.norm_v: Any = None
        if "up" in self.directions:
            self.projection_up = self._trained_or_predicted("projection_up", *projection)
        if "down" in self.directions:
            self.projection_down = self._trained_or_predicted("projection_down", *projection)
        if self.use_norm:
            groups = self.rank * max(n for n in range(1, 33) if channels % n == 0)
            encoded_shape = (*guidance_shape[:3], self.rank * channels)
            settings: dict[str, Any] = {"groups": groups, "epsilon": 1e-5, "wide": True}
            self.norm_u = self._sublayer(_Norm, "norm_u", encoded_shape, **settings)
            self.norm_v = self._sublayer(_Norm, "norm_v", encoded_shape, **settings)

    def _trained_or_predicted(
        self, name: str, shape: tuple[int, ...], read_shape: Shape | None, initializer: Any = "released"
    ) -> Any:
        """A weight of `shape`, or the 1x1 convolution that makes its last two axes of a map of `read_shape`."""
        if initializer == "released":  # Xavier-normal with the gain of LeakyReLU(0.01)
            initializer = keras.initializers.VarianceScaling(2 / (1 + 0.01**2), "fan_avg", "untruncated_normal")
        if read_shape is None:
            return self.add_weight(shape, initializer, autocast=False, name=name)
        units = math.prod(shape[-2:])
        return self._dense(name, read_shape, units, use_bias=self.use_bias, kernel_initializer=initializer)

    def call(self, guidance: Tensor) -> dict[str, Tensor]:
        guidance = ops.cast(guidance, wide_dtype(self.compute_dtype))  # encodings of large features overflow float16
        pooled = average = None
        if self.variant == "hybrid":
            average = ops.mean(guidance, axis=(1, 2))
        elif self.variant == "dynamic":
            guidance, pooled, average = adaptive_averages(guidance, self.encoding_size)
        affinities = self._affinity(guidance, pooled)
        kernels = {}
        if "up" in self.directions:
            normalization = self.normalization
            if normalization == "auto":
                normalization = "sigmoid" if self.kernel_size == 1 else "softmax_of_sigmoid"
            up = self._maps(affinities, self.projection_up, average, self.scale, self.kernel_size, normalization)
            batch, *size, _ = ops.shape(guidance)
            height, width = (n * self.scale // self.encoding_stride for n in size)
            # Odd guidance leaves the last cells partly filled; the gradient of `slice` is free where it takes all.
            kernels["up"] = ops.slice(up, (0, 0, 0, 0), (batch, height, width, up.shape[-1]))
        if "down" in self.directions:
            size = self.scale * self.kernel_size
            kernels["down"] = self._maps(affinities, self.projection_down, average, 1, size, "softmax")
        return {direction: ops.cast(x, self.compute_dtype) for direction, x in kernels.items()}

    def _affinity(self, guidance: Tensor, pooled: Tensor | None = None) -> Tensor:
        """`(N, rows, columns, rank)`: the scaled inner products of the two embedded encodings, in float32."""
        depth = 1 if self.channel_shared else guidance.shape[-1]
        shape = (-1, self.encoding_size, self.encoding_size, self.rank, depth)
        encoders = self.encoder_u, self.encoder_v
        both = [encoder[None] if pooled is None else encoder(pooled) for encoder in encoders]
        both = [ops.cast(ops.reshape(x, shape), guidance.dtype) for x in both]
        filters = [ops.stack([x[..., q, :] for x in both]) for q in range(self.rank)]  # LiteRT slices up to rank five
        if self.use_norm:
            u, v = self.norm_u, self.norm_v
            norms = ops.stack([ops.cast(x, guidance.dtype) for x in (u.gamma, v.gamma, u.beta, v.beta)])
            groups, epsilon = u.groups, u.epsilon
        else:
            norms, groups, epsilon = ops.zeros((0, self.rank * guidance.shape[-1]), guidance.dtype), 0, 0.0
        settings = self.encoding_stride, groups, epsilon, self.implementation
        return affinity(guidance, filters, norms, *settings)

    def _maps(
        self, affinity: Tensor, projection: Any, average: Tensor | None, scale: int, size: int, normalization: str
    ) -> Tensor:
        """Kernels of side `size`, at `scale` times the resolution of the affinity."""
        matrix = ops.cast(projection if average is None else projection(average), affinity.dtype)
        matrix = ops.reshape(matrix, (-1, self.rank, (scale * size) ** 2 * self.groups))
        return kernel_maps(affinity, matrix, scale, self.groups, size, normalization, self.implementation)

    def compute_output_shape(self, guidance_shape: Shape) -> dict[str, Shape]:
        batch, *size, _ = guidance_shape
        ratio = self.scale // self.encoding_stride
        up = [n and n * ratio for n in size]
        down = [n and -(-n // self.scale) for n in size]
        depth = self.groups * self.kernel_size**2
        shapes = {"up": (batch, *up, depth), "down": (batch, *down, self.scale**2 * depth)}
        return {direction: shapes[direction] for direction in self.directions}
