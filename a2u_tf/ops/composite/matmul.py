"""Upsampling reassembly as kernels times gathered windows, one batched matrix product: the form outside XLA.

The `scale * scale` outputs of a cell share its window. The `kernel_size**2`-fold tensor of windows lives only within
one call: the gradients gather it anew. `@`, not `keras.ops.matmul`, which makes float32 of float64 on torch.
"""

import functools

from keras import ops

from a2u_tf.ops.layout import Grid, merge_phases, merge_windows, split_phases, split_windows, taps, window_tap
from a2u_tf.types import Tensor


def forward(features: Tensor, kernels: Tensor, kernel_size: int, up: int, groups: int, grid: Grid) -> Tensor:
    """Reassemble features of one float dtype; `grid` is the features' (rows, columns)."""
    _, height, width, _ = ops.shape(kernels)
    windows = _split_groups(_gather_windows(features, kernel_size, grid), groups)
    kernels = _to_matrices(kernels, up, groups, grid)
    return _from_matrices(kernels @ windows, up, groups)[:, :height, :width]


def gradients(
    features: Tensor, kernels: Tensor, upstream: Tensor, kernel_size: int, up: int, groups: int, grid: Grid
) -> tuple[Tensor, Tensor]:
    """Gradients of `forward` with respect to features and kernels."""
    rows, columns = grid
    _, height, width, _ = ops.shape(kernels)
    windows = _split_groups(_gather_windows(features, kernel_size, grid), groups)
    kernels = _to_matrices(kernels, up, groups, grid)
    upstream = _to_matrices(upstream, up, groups, grid)
    to_kernels = _from_matrices(upstream @ ops.swapaxes(windows, -1, -2), up, groups)[:, :height, :width]
    to_windows = _join_groups(ops.swapaxes(kernels, -1, -2) @ upstream, groups)
    shifted = []
    for tap, i, j in taps(kernel_size):
        around = [[0, 0], [i, kernel_size - 1 - i], [j, kernel_size - 1 - j], [0, 0]]
        shifted.append(ops.pad(to_windows[:, :, :, tap], around))
    return merge_windows([[functools.reduce(ops.add, shifted)]], kernel_size, rows, columns), to_kernels


def _gather_windows(features: Tensor, kernel_size: int, grid: Grid) -> Tensor:
    """`(N, rows, columns, taps, C)`: what each window reads."""
    split = split_windows(features, kernel_size, 1, grid)
    return ops.stack([window_tap(split, i, j, grid) for _, i, j in taps(kernel_size)], axis=3)


def _to_matrices(x: Tensor, up: int, groups: int, grid: Grid) -> Tensor:
    """`(N, H, W, groups * M)` to `(N, rows, columns * groups, up * up, M)`."""
    x = ops.transpose(split_phases(x, grid, up), (0, 1, 3, 2, 4, 5))
    batch, rows, columns, _, _, depth = ops.shape(x)
    return _split_groups(ops.reshape(x, (batch, rows, columns, up * up, depth)), groups)


def _from_matrices(x: Tensor, up: int, groups: int) -> Tensor:
    """`(N, rows, columns * groups, up * up, M)` to `(N, rows * up, columns * up, groups * M)`."""
    x = _join_groups(x, groups)
    batch, rows, columns, _, depth = ops.shape(x)
    x = ops.reshape(x, (batch, rows, columns, up, up, depth))
    return merge_phases(ops.transpose(x, (0, 1, 3, 2, 4, 5)))


def _split_groups(x: Tensor, groups: int) -> Tensor:
    """`(N, rows, columns, K, groups * M)` to `(N, rows, columns * groups, K, M)`: LiteRT multiplies up to rank five."""
    if groups == 1:
        return x
    batch, rows, columns, count, depth = ops.shape(x)
    x = ops.swapaxes(ops.reshape(x, (batch, rows, columns, count, groups, depth // groups)), 3, 4)
    return ops.reshape(x, (batch, rows, columns * groups, count, depth // groups))


def _join_groups(x: Tensor, groups: int) -> Tensor:
    """Undo `_split_groups`."""
    if groups == 1:
        return x
    batch, rows, columns, count, depth = ops.shape(x)
    x = ops.swapaxes(ops.reshape(x, (batch, rows, columns // groups, groups, count, depth)), 3, 4)
    return ops.reshape(x, (batch, rows, columns // groups, count, groups * depth))
