"""Formulas of the upsampling methods that A2U is compared with.

Shapes are those of the layers: inputs `(N, h, w, C)`, guidance `(N, r h, r w, C_e)`. In the code `low = h w` and
`high = r^2 h w` are the pixels of input and output. Settings have the names that the layers have.
"""

import math
from typing import Any

from a2u_tf.complexity.cost import Cost, Sizes


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
    """Cost of `CARAFEUpSampling2D`: `C M + e^2 M m` MACs an input pixel, `k^2 C` an output pixel.

    M are the compressed channels, `m = g k^2 r^2`. Kept are the compressed map and the kernels.
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
    *_, channels = guidance_shape
    blocks = _pixels(guidance_shape) // 4
    branches = 1 if kind == "hin" else 4
    values = 4 if kind == "hin" else channels
    window = 16 if context else 4
    if kind == "o2o":
        hidden, weights = channels, (window + nonlinear) * channels
    elif nonlinear:
        hidden = expansion * channels
        weights = window * channels * hidden + hidden * values
    else:
        hidden, weights = 0, window * channels * values
    hidden *= branches * nonlinear
    return Cost(
        branches * weights + 2 * hidden,
        kernel_macs=branches * weights * blocks,
        activations=(2 * hidden + branches * values * len(directions)) * blocks,
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
    low = _pixels(inputs_shape)
    high = scale**2 * low
    values = 2 * groups * (scale**2 if style == "lp" else 1)
    inputs = channels if style == "lp" else channels // scale**2
    convolutions = 2 if dynamic_scope else 1
    offsets = 2 * groups * high
    return Cost(
        convolutions * inputs * values + values,
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
    channels, guides = inputs_shape[-1], guidance_shape[-1]
    low = _pixels(inputs_shape)
    high = 4 * low
    taps = kernel_size**2
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
    channels, guides = inputs_shape[-1], guidance_shape[-1]
    low = _pixels(inputs_shape)
    high = scale**2 * low
    taps = kernel_size**2
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
