"""Reassembly as a sum over the window's taps: XLA fuses it into one pass over the output.

The form for everything under XLA, and for the downsampling direction elsewhere too. No tensor grows with the window.
Kernel maps may have a spatial size of 1 x 1 where `up` is 1: one window for all pixels.
"""

from keras import ops

from a2u_tf.ops.layout import (
    Grid,
    Phases,
    Size,
    merge_phases,
    merge_windows,
    reach,
    same,
    split_phases,
    split_windows,
    taps,
    window_tap,
)
from a2u_tf.ops.reduction import sum_channels
from a2u_tf.types import Tensor


def forward(features: Tensor, kernels: Tensor, kernel_size: int, up: int, down: int, groups: int, grid: Grid) -> Tensor:
    """Reassemble features of one float dtype; `grid` is the lower-resolution (rows, columns)."""
    _, height, width, _ = ops.shape(kernels)
    channels = ops.shape(features)[-1]
    windows = split_windows(features, kernel_size, down, grid)
    weights = kernels if up == 1 else split_phases(kernels, grid, up)
    per_tap = _per_tap(weights, kernel_size, groups, channels)
    outputs: Tensor = 0
    for tap, i, j in taps(kernel_size):
        window = window_tap(windows, i, j, grid)
        window = window if up == 1 else window[:, :, None, :, None, :]
        outputs += per_tap[tap] * window
    return outputs if up == 1 else merge_phases(outputs)[:, :height, :width]


def gradients(
    features: Tensor,
    kernels: Tensor,
    upstream: Tensor,
    kernel_size: int,
    up: int,
    down: int,
    groups: int,
    grid: Grid,
) -> tuple[Tensor, Tensor]:
    """Gradients of `forward` with respect to features and kernels."""
    weights = kernels[:, :, None, :, None, :] if up == 1 else split_phases(kernels, grid, up)
    upstream = split_phases(upstream, grid, up)
    to_features = _gradient_to_features(features, weights, upstream, kernel_size, down, groups, grid)
    to_kernels = _gradient_to_kernels(features, weights, upstream, kernel_size, down, groups, grid)
    _, height, width, _ = ops.shape(kernels)
    return to_features, to_kernels if up == 1 else to_kernels[:, :height, :width]


def _gradient_to_features(
    features: Tensor, weights: Tensor, upstream: Tensor, kernel_size: int, down: int, groups: int, grid: Grid
) -> Tensor:
    """Gather, not scatter: each phase of the features sums what the outputs around it sent through its taps."""
    _, height, width, channels = ops.shape(features)
    span = reach(kernel_size, down)
    rows, columns = grid[0] + span, grid[1] + span
    around = [[0, 0], [span, span], [0, 0], [span, span], [0, 0], [0, 0]]
    upstream = ops.pad(upstream, around)
    one_for_all = _one_for_all(weights)
    per_tap = _per_tap(weights if one_for_all else ops.pad(weights, around), kernel_size, groups, channels)
    phases: Phases = [[0] * down for _ in range(down)]
    for tap, i, j in taps(kernel_size):
        top, left = span - i // down, span - j // down
        for a in range(upstream.shape[2]):
            for b in range(upstream.shape[4]):
                sent = upstream[:, top : top + rows, a, left : left + columns, b]
                if one_for_all:
                    weight = per_tap[tap][:, :, a, :, b]
                else:
                    weight = per_tap[tap][:, top : top + rows, a, left : left + columns, b]
                phases[i % down][j % down] += weight * sent
    zeros = ops.zeros_like(phases[0][0])  # where the scale exceeds the window, some phases have no tap
    phases = [[phase + zeros for phase in row] for row in phases]
    return merge_windows(phases, kernel_size, height, width)


def _gradient_to_kernels(
    features: Tensor, weights: Tensor, upstream: Tensor, kernel_size: int, down: int, groups: int, grid: Grid
) -> Tensor:
    windows = split_windows(features, kernel_size, down, grid)
    per_tap = []
    for _, i, j in taps(kernel_size):
        product = upstream * window_tap(windows, i, j, grid)[:, :, None, :, None, :]
        if _one_for_all(weights):
            product = ops.sum(product, axis=(1, 3), keepdims=True)
        per_tap.append(sum_channels(product, groups))
    joined = ops.stack(per_tap, axis=-1)  # (..., groups, taps)
    shape = ops.shape(joined)
    return merge_phases(ops.reshape(joined, (*shape[:-2], shape[-2] * shape[-1])))


def _one_for_all(weights: Tensor) -> bool:
    """Whether one window serves all pixels."""
    return bool(weights.shape[1:4:2] == (1, 1))


def _per_tap(weights: Tensor, kernel_size: int, groups: int, channels: Size) -> list[Tensor]:
    """Weights of each tap, `(..., 1)` for one group and else repeated to `(..., channels)`."""
    shape = ops.shape(weights)[:-1]
    split: list[Tensor] = ops.unstack(ops.reshape(weights, (*shape, groups, kernel_size**2)), kernel_size**2, axis=-1)
    if groups == 1 or same(groups, channels):
        return split
    # Repeating here keeps TensorFlow's CPU broadcasting within its five dimensions.
    repeated = (ops.broadcast_to(x[..., None], (*shape, groups, channels // groups)) for x in split)
    return [ops.reshape(x, (*shape, channels)) for x in repeated]
