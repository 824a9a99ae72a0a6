"""Upsampling reassembly as kernels times gathered windows, one batched matrix product: the form outside XLA.

The `scale * scale` outputs of a cell share its window. The `kernel_size**2`-fold tensor of windows lives only within
one call: the gradients gather it anew. `@`, not `keras.ops.matmul`, which makes float32 of
float64 on torch.
"""

import functools

from keras import ops

from a2u_tf.ops.layout import merge_phases, merge_windows, split_phases, split_windows, taps, window_tap


def forward(features, kernels, kernel_size, up, groups, grid):
    """Reassemble features of one float dtype; `grid` is the features' (rows, columns)."""
    _, height, width, _ = ops.shape(kernels)
    windows = _gather_windows(features, kernel_size, groups, grid)
    kernels = _to_matrices(kernels, up, groups, grid)
    return _from_matrices(kernels @ windows, up)[:, :height, :width]


def gradients(features, kernels, upstream, kernel_size, up, groups, grid):
    """Gradients of `forward` with respect to features and kernels."""
    batch, rows, columns, channels = ops.shape(features)
    _, height, width, _ = ops.shape(kernels)
    windows = _gather_windows(features, kernel_size, groups, grid)
    kernels = _to_matrices(kernels, up, groups, grid)
    upstream = _to_matrices(upstream, up, groups, grid)
    to_kernels = _from_matrices(upstream @ ops.swapaxes(windows, -1, -2), up)[:, :height, :width]
    to_windows = ops.swapaxes(kernels, -1, -2) @ upstream
    to_windows = ops.reshape(ops.swapaxes(to_windows, 3, 4), (batch, rows, columns, kernel_size**2, channels))
    shifted = []
    for tap, i, j in taps(kernel_size):
        around = [[0, 0], [i, kernel_size - 1 - i], [j, kernel_size - 1 - j], [0, 0]]
        shifted.append(ops.pad(to_windows[:, :, :, tap], around))
    padded = functools.reduce(ops.add, shifted)
    return merge_windows(padded[:, :, None, :, None, :], kernel_size, rows, columns), to_kernels


def _gather_windows(features, kernel_size, groups, grid):
    """`(N, rows, columns, groups, taps, C / groups)`: what each window reads."""
    split = split_windows(features, kernel_size, 1, grid)
    windows = ops.stack([window_tap(split, i, j, grid) for _, i, j in taps(kernel_size)], axis=3)
    batch, rows, columns, _, channels = ops.shape(windows)
    windows = ops.reshape(windows, (batch, rows, columns, kernel_size**2, groups, channels // groups))
    return ops.swapaxes(windows, 3, 4)


def _to_matrices(x, up, groups, grid):
    """`(N, H, W, groups * M)` to `(N, rows, columns, groups, up * up, M)`."""
    x = split_phases(x, grid, up)
    batch, rows, _, columns, _, depth = ops.shape(x)
    x = ops.reshape(x, (batch, rows, up, columns, up, groups, depth // groups))
    x = ops.transpose(x, (0, 1, 3, 5, 2, 4, 6))
    return ops.reshape(x, (batch, rows, columns, groups, up * up, depth // groups))


def _from_matrices(x, up):
    """`(N, rows, columns, groups, up * up, M)` to `(N, rows * up, columns * up, groups * M)`."""
    batch, rows, columns, groups, _, depth = ops.shape(x)
    x = ops.reshape(x, (batch, rows, columns, groups, up, up, depth))
    x = ops.transpose(x, (0, 1, 4, 2, 5, 3, 6))
    return merge_phases(ops.reshape(x, (batch, rows, up, columns, up, groups * depth)))
