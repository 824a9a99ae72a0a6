"""Formulas of A2U: the kernel generator, the reassembly, and the two together."""

from collections.abc import Sequence
from typing import Any

from a2u_tf.complexity.cost import Cost, Sizes


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
    values = rank * groups * (scale * kernel_size) ** 2 * len(directions)
    filters = 2 * rank * (1 if channel_shared else channels)
    parameters = values * (1 if variant == "static" else channels)
    parameters += filters * (channels if variant == "dynamic" else encoding_size**2)
    macs = rank * channels * (2 * encoding_size**2 + 1) * cells + values * cells
    averaging = 0
    if variant != "static":
        parameters += values if use_bias else 0
        macs += channels * values
    if variant == "dynamic":
        parameters += filters if use_bias else 0
        macs += encoding_size**2 * channels * filters
        averaging = encoding_size * width * channels * (height + encoding_size)
    if use_norm:
        parameters += 4 * rank * channels
    # The inputs of the two norms, the two factors of the affinity, the affinity, and one map per normalisation step.
    maps = (4 if use_norm else 2) * rank * channels + rank
    for direction in directions:
        steps = 2 if direction == "up" and kernel_size > 1 else 1
        maps += steps * groups * (scale * kernel_size) ** 2
    return Cost(parameters, macs, averaging_macs=averaging, activations=maps * cells)


def reassembly(features_shape: Sizes, kernels_shape: Sizes, kernel_size: int, **_: Any) -> Cost:
    """Cost of `Reassembly2D`: `kernel_size^2 C` MACs an output pixel, whatever direction, scale and groups."""
    return Cost(resampling_macs=kernel_size**2 * features_shape[-1] * kernels_shape[1] * kernels_shape[2])


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
