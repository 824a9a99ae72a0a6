"""Reassembly as a sum over the window's taps: XLA fuses it into one pass over the output.

The form for everything under XLA, and for the downsampling direction elsewhere too, with the functions that `matmul`
has. No tensor grows with the window. Kernel maps may have a spatial size of 1 x 1 where `up` is 1: one window for all
pixels.
"""

import itertools
from typing import Any

from keras import ops

from a2u_tf.ops.layout import Grid, Size, Window, merge_phases, read_phases, read_windows, same, split_phases
from a2u_tf.ops.trace import sum_channels
from a2u_tf.types import Tensor


def forward(features: Tensor, kernels: Tensor, window: Window) -> Tensor:
    _, height, width, _ = ops.shape(kernels)
    grid, up = window.grid(features), window.up
    weights = kernels if up == 1 else split_phases(kernels, grid, up)
    per_tap = _per_tap(weights, window, ops.shape(features)[-1])
    outputs: Tensor = 0
    for weight, read in zip(per_tap, read_windows(features, window, grid), strict=True):
        outputs += weight * (read if up == 1 else read[:, :, None, :, None, :])
    return outputs if up == 1 else merge_phases(outputs)[:, :height, :width]


def to_features(features: Tensor, kernels: Tensor, upstream: Tensor, window: Window) -> Tensor:
    """Gather, not scatter: each phase of the features sums what the outputs around it sent through its taps."""
    _, height, width, channels = ops.shape(features)
    grid, down, span = window.grid(features), window.down, window.reach
    rows, columns = grid[0] + span, grid[1] + span
    around = [[0, 0], [span, span], [0, 0], [span, span], [0, 0], [0, 0]]
    weights = split_phases(kernels, grid, window.up)
    one_for_all = weights.shape[1:4:2] == (1, 1)
    per_tap = _per_tap(weights if one_for_all else ops.pad(weights, around), window, channels)
    upstream = ops.pad(split_phases(upstream, grid, window.up), around)
    phases: list[list[Any]] = [[0] * down for _ in range(down)]
    for weight, (i, j) in zip(per_tap, window.taps(), strict=True):
        top, left = span - i // down, span - j // down
        for a, b in itertools.product(range(window.up), repeat=2):
            area = (slice(None), slice(top, top + rows), a, slice(left, left + columns), b)
            own = weight[:, :, a, :, b] if one_for_all else weight[area]
            phases[i % down][j % down] += own * upstream[area]
    merged = phases[0][0]
    if down > 1:
        zeros = ops.zeros_like(merged)  # where the scale exceeds the window, some phases have no tap
        merged = ops.stack([ops.stack([phase + zeros for phase in row], axis=3) for row in phases], axis=2)
        merged = merge_phases(merged)
    # The last rows and columns of the map can lie beyond every window.
    merged = ops.pad(merged, [[0, 0], [0, down], [0, down], [0, 0]])
    return merged[:, window.before : window.before + height, window.before : window.before + width]


def to_kernels(features: Tensor, upstream: Tensor, window: Window, size: Grid) -> Tensor:
    grid, (height, width) = window.grid(features), size
    one_for_all = same(height, 1) and same(width, 1)
    if one_for_all and window.up == window.groups == 1:
        return _to_one_kernel(features, upstream, window, grid)
    upstream = split_phases(upstream, grid, window.up)
    per_tap = []
    for read in read_windows(features, window, grid):
        product = upstream * read[:, :, None, :, None, :]
        if one_for_all:
            product = ops.sum(product, axis=(1, 3), keepdims=True)
        per_tap.append(sum_channels(product, window.groups))
    joined = ops.stack(per_tap, axis=-1)  # (..., groups, taps)
    joined = merge_phases(ops.reshape(joined, (*ops.shape(joined)[:-2], window.depth)))
    return joined if window.up == 1 else joined[:, :height, :width]


def _to_one_kernel(features: Tensor, upstream: Tensor, window: Window, grid: Grid) -> Tensor:
    """One kernel for all pixels and channels: every tap's product in one matrix product of shifts and phases."""
    down, reach = window.down, window.reach
    batch, *_, channels = ops.shape(features)
    phases = ops.stack([phase for row in read_phases(features, window, grid) for phase in row], axis=1)
    padded = ops.pad(upstream, [[0, 0], [0, reach], [0, reach], [0, 0]])
    line, length = (grid[1] + reach) * channels, (grid[0] + reach) * (grid[1] + reach) * channels
    most = reach * (line + channels)
    flat = ops.pad(ops.reshape(padded, (batch, length)), [[0, 0], [most, 0]])
    steps = [i * line + j * channels for i in range(reach + 1) for j in range(reach + 1)]
    shifts = ops.stack([flat[:, most - step : most - step + length] for step in steps], axis=1)
    # In this order XLA's CPU backend takes a seventh of the time that it takes in the other.
    products = shifts @ ops.swapaxes(ops.reshape(phases, (batch, down**2, length)), 1, 2)
    products = ops.reshape(products, (batch, reach + 1, reach + 1, down, down))
    size = down * (reach + 1)
    kernels = ops.reshape(ops.transpose(products, (0, 1, 3, 2, 4)), (batch, size, size))
    kernels = kernels[:, : window.kernel_size, : window.kernel_size]
    return ops.reshape(kernels, (batch, 1, 1, window.kernel_size**2))


def _per_tap(weights: Tensor, window: Window, channels: Size) -> list[Tensor]:
    """Weights of each tap, `(..., 1)` for one group and else repeated to `(..., channels)`."""
    shape, groups, taps = ops.shape(weights)[:-1], window.groups, window.kernel_size**2
    split: list[Tensor] = ops.unstack(ops.reshape(weights, (*shape, groups, taps)), taps, axis=-1)
    if groups == 1 or same(groups, channels):
        return split
    # Repeating here keeps TensorFlow's CPU broadcasting within its five dimensions.
    repeated = (ops.broadcast_to(x[..., None], (*shape, groups, channels // groups)) for x in split)
    return [ops.reshape(x, (*shape, channels)) for x in repeated]
