"""What a cost consists of, and the formula of each layer.

Shapes are those of the layers: inputs `(N, h, w, C)`, guidance `(N, r h, r w, C_e)`. In the code `low = h w` and
`high = r^2 h w` are the pixels of input and output. Settings have the names that the layers have.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Sizes: TypeAlias = tuple[int, ...]  # a static shape


@dataclasses.dataclass(frozen=True)
class Cost:
    """The cost of an operator for one picture.

    A *MAC* is one multiply-accumulate: a product of a convolution, of a matrix product, of a sum of weighted values, or
    one multiplication of two tensors, element by element. Normalisation, activations, scaling by a constant, plain
    averages and additions are left out, as in published tables.

    Attributes:
        parameters: Trainable parameters.
        kernel_macs: MACs that make the kernels, gates or offsets: all that comes before the resampling itself.
        resampling_macs: MACs that apply them to the features.
        averaging_macs: MACs of averages by matrix products (adaptive pooling). The operator's definition has additions
            there, so that `macs` leaves them out.
        activations: Floats that training keeps between the forward and the backward pass: one copy of each map that the
            backward pass of a step of the operator's definition reads (both factors of a product, the input of a
            normalisation, the output of an activation or softmax). The operator's own inputs, its parameters and
            tensors without spatial extent, such as statistics and filters, are left out.
    """

    parameters: int = 0
    kernel_macs: int = 0
    resampling_macs: int = 0
    averaging_macs: int = 0
    activations: int = 0

    @property
    def macs(self) -> int:
        """All MACs of the operator's definition."""
        return self.kernel_macs + self.resampling_macs

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(*(a + b for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)))


def a2u_kernels(
    guidance_shape: Sizes,
    scale: int = 2,
    kernel_size: int = 3,
    encoding_size: int = 6,
    variant: str = "dynamic",
    channel_shared: bool = True,
    rank: int = 1,
    groups: int = 1,
    directions: Sequence[str] = ("up",),
    use_bias: bool = True,
    use_norm: bool = True,
    encoding_stride: int | None = None,
) -> Cost:
    """Cost of `A2UKernels` on guidance `(N, H, W, C)`, for one picture.

    With `n = ceil(H / stride) ceil(W / stride)` cells, `m = g r^2 s^2` kernel values a cell and direction and `f` = 1
    (cs) or C (cw), the MACs are `2 d k^2 C n` for the encodings, `d C n` for the affinity, `d m n` a direction for the
    projection, and for what is predicted `d C m` a direction and, dynamic, `2 d k^2 C f`.
    """
    _, height, width, channels = guidance_shape
    stride = scale if encoding_stride is None else encoding_stride
    cells = -(-height // stride) * -(-width // stride)
    kernel_values = groups * (scale * kernel_size) ** 2
    values = rank * kernel_values * len(directions)
    filters = 2 * rank * (1 if channel_shared else channels)
    # The inputs of the two norms, the two factors of the affinity, the affinity, and one map per normalisation step.
    maps = (4 if use_norm else 2) * rank * channels + rank
    maps += sum(2 if direction == "up" and kernel_size > 1 else 1 for direction in directions) * kernel_values
    cost = Cost(
        values + filters * encoding_size**2 + (4 * rank * channels if use_norm else 0),
        kernel_macs=(rank * channels * (2 * encoding_size**2 + 1) + values) * cells,
        activations=maps * cells,
    )
    if variant != "static":
        cost += Cost(values * (channels + use_bias - 1), kernel_macs=channels * values)
    if variant == "dynamic":
        averaging = encoding_size * width * channels * (height + encoding_size)
        parameters = filters * (channels + use_bias - encoding_size**2)
        cost += Cost(parameters, kernel_macs=encoding_size**2 * channels * filters, averaging_macs=averaging)
    return cost


def reassembly(features_shape: Sizes, kernels_shape: Sizes, kernel_size: int, **_: Any) -> Cost:
    """Cost of `Reassembly2D`: `kernel_size^2 C` MACs an output pixel, whatever direction, scale and groups."""
    return Cost(resampling_macs=kernel_size**2 * features_shape[-1] * _pixels(kernels_shape))


def a2u_up_sampling(
    inputs_shape: Sizes, guidance_shape: Sizes | None = None, scale: int = 2, kernel_size: int = 3, **settings: Any
) -> Cost:
    """Cost of `A2UUpSampling2D`; `settings` are those of `a2u_kernels`."""
    batch, height, width, _ = inputs_shape
    output_shape = (batch, scale * height, scale * width, 1) if guidance_shape is None else guidance_shape
    source, stride = (inputs_shape, 1) if guidance_shape is None else (guidance_shape, scale)
    kernels = a2u_kernels(source, scale, kernel_size, encoding_stride=stride, **settings)
    return kernels + reassembly(inputs_shape, output_shape, kernel_size)


def a2u_down_sampling(inputs_shape: Sizes, scale: int = 2, kernel_size: int = 3, **settings: Any) -> Cost:
    """Cost of `A2UDownSampling2D`; `settings` are those of `a2u_kernels`."""
    batch, height, width, _ = inputs_shape
    kernels = a2u_kernels(inputs_shape, scale, kernel_size, directions=("down",), **settings)
    size = -(-height // scale), -(-width // scale)
    return kernels + reassembly(inputs_shape, (batch, *size, 1), scale * kernel_size)


def up_sampling(inputs_shape: Sizes, size: tuple[int, int] = (2, 2), interpolation: str = "nearest") -> Cost:
    """Cost of `keras.layers.UpSampling2D`: nothing for nearest neighbours, four MACs a value for bilinear ones."""
    taps = {"nearest": 0, "bilinear": 4}[interpolation]
    return Cost(resampling_macs=taps * math.prod(size) * math.prod(inputs_shape[1:]))


def transposed_conv(inputs_shape: Sizes, scale: int = 2, kernel_size: int | None = None) -> Cost:
    """Cost of `TransposedConvUpSampling2D`: `k^2 C^2 + C` parameters, `k^2 C^2` MACs an input pixel."""
    *_, channels = inputs_shape
    weights = (2 * scale - 1 if kernel_size is None else kernel_size) ** 2 * channels**2
    return Cost(weights + channels, resampling_macs=weights * _pixels(inputs_shape))


def pixel_shuffle(inputs_shape: Sizes, scale: int = 2, kernel_size: int = 3) -> Cost:
    """Cost of `PixelShuffleUpSampling2D`: `r^2 k^2 C^2 + r^2 C` parameters, `r^2 k^2 C^2` MACs an input pixel."""
    *_, channels = inputs_shape
    weights = (scale * kernel_size * channels) ** 2
    return Cost(weights + scale**2 * channels, resampling_macs=weights * _pixels(inputs_shape))


def max_unpooling(inputs_shape: Sizes, guidance_shape: Sizes, scale: int = 2) -> Cost:
    """Cost of `MaxUnpooling2D`: a product with a mask, which is kept."""
    values = scale**2 * _pixels(inputs_shape) * inputs_shape[-1]
    return Cost(resampling_macs=values, activations=values)


def carafe(
    inputs_shape: Sizes,
    scale: int = 2,
    kernel_size: int = 5,
    encoder_size: int = 3,
    compressed_channels: int = 64,
    groups: int = 1,
) -> Cost:
    """Cost of `CARAFEUpSampling2D`: `C M + e^2 M g k^2 r^2` MACs an input pixel, `k^2 C` an output pixel.

    M are the compressed channels. Kept are the compressed map and the kernels.
    """
    *_, channels = inputs_shape
    low = _pixels(inputs_shape)
    values = groups * (scale * kernel_size) ** 2
    weights = channels * compressed_channels + encoder_size**2 * compressed_channels * values
    return Cost(
        weights + compressed_channels + values,
        kernel_macs=weights * low,
        resampling_macs=kernel_size**2 * channels * scale**2 * low,
        activations=(compressed_channels + values) * low,
    )


def indexnet_indices(
    guidance_shape: Sizes,
    kind: str = "m2o",
    nonlinear: bool = True,
    context: bool = True,
    expansion: int = 2,
    directions: tuple[str, ...] = ("up", "down"),
) -> Cost:
    """Cost of `IndexNetIndices`: each weight is used once a block of 2 x 2 pixels.

    Kept are the inputs of the norms, the outputs of ReLU6 and the indices of each direction.
    """
    channels, blocks = guidance_shape[-1], _pixels(guidance_shape) // 4
    branches, values = (1, 4) if kind == "hin" else (4, channels)
    hidden = expansion * channels if nonlinear and kind != "o2o" else values
    weights = (16 if context else 4) * hidden * (1 if kind == "o2o" else channels)
    weights += nonlinear * hidden * (1 if kind == "o2o" else values)
    normalised = 2 * nonlinear * hidden
    return Cost(
        branches * (weights + normalised),
        kernel_macs=branches * weights * blocks,
        activations=branches * (normalised + values * len(directions)) * blocks,
    )


def indexnet(inputs_shape: Sizes, guidance_shape: Sizes, **settings: Any) -> Cost:
    """Cost of `IndexNetUpSampling2D`: the indices, and one product an output value."""
    values = 4 * _pixels(inputs_shape) * inputs_shape[-1]
    return indexnet_indices(guidance_shape, directions=("up",), **settings) + Cost(resampling_macs=values)


def dysample(
    inputs_shape: Sizes, scale: int = 2, style: str = "lp", groups: int = 4, dynamic_scope: bool = False
) -> Cost:
    """Cost of `DySampleUpSampling2D`: offsets by 1x1 convolutions, four weights a point, four MACs a value.

    Kept are the offsets (dynamic: both factors) and the four weights of each point.
    """
    *_, channels = inputs_shape
    high = scale**2 * _pixels(inputs_shape)
    values = 2 * groups * (scale**2 if style == "lp" else 1)
    inputs = channels if style == "lp" else channels // scale**2
    convolutions = 2 if dynamic_scope else 1
    offsets = 2 * groups * high
    return Cost(
        (convolutions * inputs + 1) * values,
        kernel_macs=(convolutions * inputs + dynamic_scope) * offsets + 4 * groups * high,
        resampling_macs=4 * channels * high,
        activations=convolutions * offsets + 4 * groups * high,
    )


def fade(
    inputs_shape: Sizes, guidance_shape: Sizes, kernel_size: int = 5, embedding_size: int = 64, lite: bool = False
) -> Cost:
    """Cost of `FADEUpSampling2D`: semi-shift convolution of both embeddings, a gate, and a blend with the guidance.

    MACs an output pixel: `C_e d + w k^2` for the guidance, `k^2 C` for the reassembly, `2 C` for the blend; an input
    pixel: `C d + w k^2 + C`. `w = 9 d`, or 9 with `d = k^2` where `lite`. Kept are the embeddings, the kernels, the
    gate and the reassembled map.
    """
    channels, guides, taps = inputs_shape[-1], guidance_shape[-1], kernel_size**2
    low, high = _pixels(inputs_shape), _pixels(guidance_shape)
    embedding = taps if lite else embedding_size
    shift = 9 * taps * (1 if lite else embedding)
    return Cost(
        (channels + guides + 1) * embedding + shift + taps + channels + 1,
        kernel_macs=(guides * embedding + shift) * high + (channels * embedding + shift + channels) * low,
        resampling_macs=(taps + 2) * channels * high,
        activations=(embedding + taps + channels) * high + (embedding + 1) * low,
    )


def sapa(
    inputs_shape: Sizes,
    guidance_shape: Sizes,
    scale: int = 2,
    kernel_size: int = 5,
    similarity: str = "bilinear",
    embedding_size: int = 32,
    share_query_projection: bool = True,
) -> Cost:
    """Cost of `SAPAUpSampling2D`: `k^2` inner products an output pixel, of a query there with keys at the input.

    MACs an output pixel: `C_e d` for the query, `k^2 d` for the scores, `k^2 C` for the reassembly; `C d` an input
    pixel for the key; with `inner_product`, `d = C` and neither projection. The gate takes `C` and a second query `C d`
    an input pixel, their mixture `d` in both resolutions. Kept are the normalised maps, queries, keys, the gate and the
    kernels.
    """
    channels, guides, taps = inputs_shape[-1], guidance_shape[-1], kernel_size**2
    low, high = _pixels(inputs_shape), scale**2 * _pixels(inputs_shape)
    plain = similarity == "inner_product"
    embedding = channels if plain else embedding_size
    cost = Cost(
        kernel_macs=taps * embedding * high,
        resampling_macs=taps * channels * high,
        activations=(guides + taps) * high + channels * low,
    )
    if not plain:
        cost += Cost(
            (embedding + 2) * (channels + guides) + 2 * embedding,
            kernel_macs=guides * embedding * high + channels * embedding * low,
            activations=embedding * (high + low),
        )
    if similarity == "gated":
        cost += Cost(
            channels + 1 + (0 if share_query_projection else (channels + 1) * embedding),
            kernel_macs=(channels * embedding + channels) * low + embedding * (high + low),
            activations=embedding * (high + low) + low,
        )
    return cost


def _pixels(shape: Sizes) -> int:
    return shape[1] * shape[2]


FORMULAS: dict[str, Callable[..., Cost]] = {
    "A2UDownSampling2D": a2u_down_sampling,
    "A2UKernels": a2u_kernels,
    "A2UUpSampling2D": a2u_up_sampling,
    "BilinearUpSampling2D": up_sampling,
    "CARAFEUpSampling2D": carafe,
    "DySampleUpSampling2D": dysample,
    "FADEUpSampling2D": fade,
    "IndexNetIndices": indexnet_indices,
    "IndexNetUpSampling2D": indexnet,
    "MaxUnpooling2D": max_unpooling,
    "PixelShuffleUpSampling2D": pixel_shuffle,
    "Reassembly2D": reassembly,
    "SAPAUpSampling2D": sapa,
    "TransposedConvUpSampling2D": transposed_conv,
    "UpSampling2D": up_sampling,
}
