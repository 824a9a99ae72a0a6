"""Upsampling reassembly as kernels times gathered windows, one batched matrix product: the form outside XLA.

`forward` takes tensors of one float dtype; the others are its gradients. The `scale * scale` outputs of a cell share
its window. The `kernel_size**2`-fold tensor of windows lives only within one call: the gradients gather it anew. `@`,
not `keras.ops.matmul`, which makes float32 of float64 on torch.
"""

from keras import ops

from a2u_tf.ops.layout import Grid, Window, merge_phases, read_windows, split_phases
from a2u_tf.types import Tensor


def forward(features: Tensor, kernels: Tensor, window: Window) -> Tensor:
    _, height, width, _ = ops.shape(kernels)
    grid = window.grid(features)
    outputs = _to_matrices(kernels, window, grid) @ _gather_windows(features, window, grid)
    return _from_matrices(outputs, window)[:, :height, :width]


def to_features(features: Tensor, kernels: Tensor, upstream: Tensor, window: Window) -> Tensor:
    rows, columns = grid = window.grid(features)
    kernels, upstream = (_to_matrices(x, window, grid) for x in (kernels, upstream))
    sent = _join_groups(ops.swapaxes(kernels, -1, -2) @ upstream, window.groups)
    before, last = window.before, window.kernel_size - 1
    shifted = []
    for tap, (i, j) in enumerate(window.taps()):
        shifted.append(ops.pad(sent[:, :, :, tap], [[0, 0], [i, last - i], [j, last - j], [0, 0]]))
    return sum(shifted)[:, before : before + rows, before : before + columns]


def to_kernels(features: Tensor, upstream: Tensor, window: Window, size: Grid) -> Tensor:
    grid = window.grid(features)
    windows = _gather_windows(features, window, grid)
    products = _to_matrices(upstream, window, grid) @ ops.swapaxes(windows, -1, -2)
    return _from_matrices(products, window)[:, : size[0], : size[1]]


def _gather_windows(features: Tensor, window: Window, grid: Grid) -> Tensor:
    """`(N, rows, columns * groups, taps, C / groups)`: what each window reads."""
    return _split_groups(ops.stack(list(read_windows(features, window, grid)), axis=3), window.groups)


def _to_matrices(x: Tensor, window: Window, grid: Grid) -> Tensor:
    """`(N, H, W, groups * M)` to `(N, rows, columns * groups, up * up, M)`."""
    x = ops.transpose(split_phases(x, grid, window.up), (0, 1, 3, 2, 4, 5))
    batch, rows, columns, _, _, depth = ops.shape(x)
    return _split_groups(ops.reshape(x, (batch, rows, columns, window.up**2, depth)), window.groups)


def _from_matrices(x: Tensor, window: Window) -> Tensor:
    """`(N, rows, columns * groups, up * up, M)` to `(N, rows * up, columns * up, groups * M)`."""
    x = _join_groups(x, window.groups)
    batch, rows, columns, _, depth = ops.shape(x)
    x = ops.reshape(x, (batch, rows, columns, window.up, window.up, depth))
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
