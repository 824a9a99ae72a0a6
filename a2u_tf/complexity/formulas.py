"""What a cost consists of, and the formula of each layer.

Shapes are those of the layers: inputs `(N, h, w, C)`, guidance `(N, r h, r w, C_e)`. In the code `low = h w` and
`high = r^2 h w` are the pixels of input and output.
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
        averaging_macs: MACs of averages by matrix products: adaptive pooling to bins that are not all of one size. The
            operator's definition has additions there, so that `macs` leaves them out.
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
    layer: Any, guidance_shape: Sizes, directions: Sequence[str] | None = None, stride: int | None = None
) -> Cost:
    """Encodings, their affinity, its projection to all directions, and what predicts the filters and the projection."""
    _, height, width, channels = guidance_shape
    directions, stride = directions or layer.directions, stride or layer.encoding_stride
    cells = -(-height // stride) * -(-width // stride)
    window, rank = layer.encoding_size**2, layer.rank
    kernel_values = layer.groups * (layer.scale * layer.kernel_size) ** 2
    values = rank * kernel_values * len(directions)
    filters = 2 * rank * (1 if layer.channel_shared else channels)
    # The inputs of the two norms, the two factors of the affinity, the affinity, and one map per normalisation step.
    maps = (4 if layer.use_norm else 2) * rank * channels + rank
    both = layer.normalization == "auto" and layer.kernel_size > 1  # a softmax over a sigmoid
    maps += sum(2 if direction == "up" and both else 1 for direction in directions) * kernel_values
    cost = Cost(
        values + filters * window + (4 * rank * channels if layer.use_norm else 0),
        kernel_macs=(rank * channels * (2 * window + 1) + values) * cells,
        activations=maps * cells,
    )
    if layer.variant != "static":
        cost += Cost(values * (channels + layer.use_bias - 1), kernel_macs=channels * values)
    if layer.variant == "dynamic":
        bins = layer.encoding_size + 1  # the last one is the whole
        pooled = height % layer.encoding_size == width % layer.encoding_size == 0
        averaging = 0 if pooled else bins * width * channels * (height + bins)
        parameters = filters * (channels + layer.use_bias - window)
        cost += Cost(parameters, kernel_macs=window * channels * filters, averaging_macs=averaging)
    return cost


def reassembly(layer: Any, features_shape: Sizes, kernels_shape: Sizes) -> Cost:
    """`kernel_size^2 C` MACs an output pixel, whatever direction, scale and groups."""
    return Cost(resampling_macs=layer.kernel_size**2 * features_shape[-1] * _pixels(kernels_shape))


def a2u_up_sampling(layer: Any, inputs_shape: Sizes, guidance_shape: Sizes | None = None) -> Cost:
    if guidance_shape is None:
        kernels, pixels = a2u_kernels(layer, inputs_shape, ("up",), 1), layer.scale**2 * _pixels(inputs_shape)
    else:
        kernels, pixels = a2u_kernels(layer, guidance_shape, ("up",), layer.scale), _pixels(guidance_shape)
    return kernels + Cost(resampling_macs=layer.kernel_size**2 * inputs_shape[-1] * pixels)


def a2u_down_sampling(layer: Any, inputs_shape: Sizes) -> Cost:
    _, height, width, channels = inputs_shape
    macs = (layer.scale * layer.kernel_size) ** 2 * channels * -(-height // layer.scale) * -(-width // layer.scale)
    return a2u_kernels(layer, inputs_shape, ("down",), layer.scale) + Cost(resampling_macs=macs)


def up_sampling(layer: Any, inputs_shape: Sizes) -> Cost:
    """Nothing for nearest neighbours, four MACs a value for bilinear ones."""
    taps = {"nearest": 0, "bilinear": 4}[layer.interpolation]
    return Cost(resampling_macs=taps * math.prod(layer.size) * math.prod(inputs_shape[1:]))


def transposed_conv(layer: Any, inputs_shape: Sizes) -> Cost:
    """`k^2 C^2` MACs an input pixel."""
    weights = (layer.kernel_size * inputs_shape[-1]) ** 2
    return Cost(weights + inputs_shape[-1], resampling_macs=weights * _pixels(inputs_shape))


def pixel_shuffle(layer: Any, inputs_shape: Sizes) -> Cost:
    """`r^2 k^2 C^2` MACs an input pixel."""
    weights = (layer.scale * layer.kernel_size * inputs_shape[-1]) ** 2
    return Cost(weights + layer.scale**2 * inputs_shape[-1], resampling_macs=weights * _pixels(inputs_shape))


def max_unpooling(layer: Any, inputs_shape: Sizes, guidance_shape: Sizes) -> Cost:
    """A product with a mask, which is kept."""
    values = layer.scale**2 * _pixels(inputs_shape) * inputs_shape[-1]
    return Cost(resampling_macs=values, activations=values)


def carafe(layer: Any, inputs_shape: Sizes) -> Cost:
    """`C M + e^2 M g k^2 r^2` MACs an input pixel, `k^2 C` an output pixel; compressed map and kernels are kept."""
    low, channels, compressed = _pixels(inputs_shape), inputs_shape[-1], layer.compressed_channels
    values = layer.groups * (layer.scale * layer.kernel_size) ** 2
    weights = channels * compressed + layer.encoder_size**2 * compressed * values
    return Cost(
        weights + compressed + values,
        kernel_macs=weights * low,
        resampling_macs=(layer.scale * layer.kernel_size) ** 2 * channels * low,
        activations=(compressed + values) * low,
    )


def indexnet_indices(layer: Any, guidance_shape: Sizes, directions: tuple[str, ...] = ("up", "down")) -> Cost:
    """Each weight is used once a block; inputs of norms, outputs of ReLU6 and indices of each direction are kept."""
    channels, blocks, depthwise = guidance_shape[-1], _pixels(guidance_shape) // 4, layer.kind == "o2o"
    branches, values = (1, 4) if layer.kind == "hin" else (4, channels)
    hidden = layer.expansion * channels if layer.nonlinear and not depthwise else values
    weights = (16 if layer.context else 4) * hidden * (1 if depthwise else channels)
    weights += layer.nonlinear * hidden * (1 if depthwise else values)
    normalised = 2 * layer.nonlinear * hidden
    return Cost(
        branches * (weights + normalised),
        kernel_macs=branches * weights * blocks,
        activations=branches * (normalised + values * len(directions)) * blocks,
    )


def indexnet(layer: Any, inputs_shape: Sizes, guidance_shape: Sizes) -> Cost:
    """The indices, and one product an output value."""
    values = 4 * _pixels(inputs_shape) * inputs_shape[-1]
    return indexnet_indices(layer, guidance_shape, ("up",)) + Cost(resampling_macs=values)


def dysample(layer: Any, inputs_shape: Sizes) -> Cost:
    """Offsets by 1x1 convolutions, four weights a point, four MACs a value; offsets (or both factors), weights kept."""
    channels, cells = inputs_shape[-1], layer.scale**2
    high = cells * _pixels(inputs_shape)
    inputs, values = (channels, cells) if layer.style == "lp" else (channels // cells, 1)
    convolutions = 2 if layer.dynamic_scope else 1
    offsets, weights = 2 * layer.groups * high, 4 * layer.groups * high
    return Cost(
        (convolutions * inputs + 1) * 2 * layer.groups * values,
        kernel_macs=(convolutions * inputs + layer.dynamic_scope) * offsets + weights,
        resampling_macs=4 * channels * high,
        activations=convolutions * offsets + weights,
    )


def fade(layer: Any, inputs_shape: Sizes, guidance_shape: Sizes) -> Cost:
    """A semi-shift convolution of both embeddings, a gate, a blend; embeddings, kernels, gate and map are kept."""
    channels, guides, taps = inputs_shape[-1], guidance_shape[-1], layer.kernel_size**2
    low, high = _pixels(inputs_shape), _pixels(guidance_shape)
    embedding = taps if layer.lite else layer.embedding_size
    shift = 9 * taps * (1 if layer.lite else embedding)
    return Cost(
        (channels + guides + 1) * embedding + shift + taps + channels + 1,
        kernel_macs=(guides * embedding + shift) * high + (channels * embedding + shift + channels) * low,
        resampling_macs=(taps + 2) * channels * high,
        activations=(embedding + taps + channels) * high + (embedding + 1) * low,
    )


def sapa(layer: Any, inputs_shape: Sizes, guidance_shape: Sizes) -> Cost:
    """`k^2` inner products an output pixel; normalised maps, queries, keys, the gate and the kernels are kept."""
    channels, guides, taps = inputs_shape[-1], guidance_shape[-1], layer.kernel_size**2
    low, high = _pixels(inputs_shape), layer.scale**2 * _pixels(inputs_shape)
    plain = layer.similarity == "inner_product"
    embedding = channels if plain else layer.embedding_size
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
    if layer.similarity == "gated":
        cost += Cost(
            channels + 1 + (0 if layer.share_query_projection else (channels + 1) * embedding),
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
