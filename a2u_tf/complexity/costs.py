"""The cost of a layer, a network, the methods side by side, and the paper's Table 1, by formula."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import keras

from a2u_tf.complexity.formulas import FORMULAS, Cost, Sizes
from a2u_tf.layers import GUIDED, A2UKernels, Resampling
from a2u_tf.layers.a2u_kernels import VARIANTS
from a2u_tf.layers.base import ResamplingLayer
from a2u_tf.layers.resampling import methods_of_scale


def operator_cost(layer: keras.layers.Layer, *shapes: Sizes) -> Cost:
    """Return the cost of a resampling layer by formula, for one picture.

    Args:
        layer: Layer from `a2u_tf.layers`; it need not be built. Without a formula it is a `ValueError`.
        shapes: Shapes `(N, height, width, channels)` that it is called with: inputs, and guidance or kernels where it
            takes them. Batches do not count. Scales that do not divide a size are counted as if they did.

    Example:
    >>> operator_cost(a2u_tf.layers.A2UUpSampling2D(), (1, 256, 256, 64), (1, 512, 512, 64)).macs
    459545344
    """
    formula = FORMULAS.get(type(layer).__name__)
    if formula is None:
        raise ValueError(
            f"There are formulas for {sorted(FORMULAS)}. Received: a {type(layer).__name__}. Count it from its graph, "
            "with `a2u_tf.complexity.count`, or add its formula to a2u_tf/complexity."
        )
    return formula(layer, *shapes)


def network_cost(model: keras.Model) -> tuple[int, Cost]:
    """Return the cost of a functional model of static sizes by formula, layer by layer: `(backbone, operators)`.

    These are the MACs of the layers of Keras as an int (of `Conv2D`, `DepthwiseConv2D` and `Multiply`; others count as
    none), and the `Cost` of all resampling layers of this package and `UpSampling2D`, without the maps between layers.
    A resampling layer without a formula is a `ValueError`.
    """
    backbone, operators = 0, Cost()
    for layer in model.layers:
        if type(layer).__name__ in FORMULAS or isinstance(layer, ResamplingLayer):
            operators += operator_cost(layer, *(tensor.shape for tensor in keras.tree.flatten(layer.input)))
        elif isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            backbone += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif isinstance(layer, keras.layers.Multiply):
            backbone += math.prod(layer.output.shape[1:])
    return backbone, operators


def method_costs(
    names: Iterable[str] | None = None,
    channels: int = 64,
    size: tuple[int, int] = (256, 256),
    scale: int = 2,
    kernel_size: int = 3,
    encoding_size: int | None = None,
    normalization: str = "auto",
    rank: int = 1,
) -> dict[str, Cost]:
    """Return what methods cost by formula, for one picture, by their names.

    Args:
        names: Of `a2u_tf.layers.METHODS`; default: all that have the scale. Others are a `ValueError`, as is a scale
            that a method does not have, or a method without a formula.
        channels: Of the features, and of the guidance where a method takes one.
        size: Height and width of the features that are upsampled.
        scale: By how much.
        kernel_size, encoding_size, normalization, rank: A2U's, see `a2u_tf.layers.A2UKernels`.
    """
    sizes: dict[str, Any] = {"kernel_size": kernel_size, "encoding_size": encoding_size, "rank": rank}
    low, high = (1, *size, channels), (1, scale * size[0], scale * size[1], channels)
    costs = {}
    for name in methods_of_scale(scale) if names is None else names:
        chosen = dataclasses.replace(Resampling.parse(name), normalization=normalization, **sizes)
        shapes = (low, high) if chosen.upsampling in GUIDED else (low,)
        costs[name] = operator_cost(chosen.upsampler(scale=scale), *shapes)
    return costs


def kernel_parameters(
    variant: str, channel_shared: bool, channels: int, kernel_size: int = 3, encoding_size: int = 6, scale: int = 2
) -> int:
    """Count the parameters of an upsampling-kernel generator without biases and norms, at rank 1 and one group.

    P has `scale**2 * kernel_size**2` values, times `channels` where it is predicted; U and V together have `2 k^2 C`
    (cw) or `2 k^2` (cs) values where they are trained, `2 C^2` or `2 C` where they are predicted, with
    `k = encoding_size`.

    Args:
        variant, channel_shared, kernel_size, encoding_size, scale: As for `a2u_tf.layers.A2UKernels`.
        channels: Channels C of the guidance.

    Reference: Dai, Lu, Shen, CVPR 2021, supplementary, Table 1.
    """
    layer = A2UKernels(scale, kernel_size, encoding_size, variant, channel_shared, use_bias=False, use_norm=False)
    return operator_cost(layer, (1, 1, 1, channels)).parameters


def format_table(channels: list[int], kernel_size: int, encoding_size: int, scale: int) -> str:
    """Format Table 1 with one column per channel count."""
    sizes = f"upsampling kernel s = {kernel_size}, encoding kernel k = {encoding_size}, scale r = {scale}"
    heads = " ".join(f"{f'C = {count}':>10}" for count in channels)
    lines = [f"Kernel parameters (Table 1) at {sizes}", f"{'variant':12} {'formula':>16} {heads}"]
    for variant in VARIANTS:
        for channel_shared in (False, True):
            projection = "r²s²" if variant == "static" else "r²s²C"
            encoders = ("2C" if variant == "dynamic" else "2k²") + ("" if channel_shared else "C")
            formula = f"{projection} + {encoders.replace('CC', 'C²')}"
            settings = (kernel_size, encoding_size, scale)
            counts = [f"{kernel_parameters(variant, channel_shared, count, *settings):10,}" for count in channels]
            name = f"{variant} {'cs' if channel_shared else 'cw'}"
            lines.append(f"{name:12} {formula:>16} {' '.join(counts)}")
    return "\n".join(lines)
