"""What a downsampling sends back to its kernels where XLA compiles the sum: each channel a plane of its own.

XLA's CPU backend adds the channels of a pixel one by one. Of planes it adds whole rows of pixels at a time, which makes
good the transpositions, where the channels are few and the taps many.
"""

from keras import ops

from a2u_tf.ops.composite.parts import compiled_part
from a2u_tf.ops.layout import Window, split_cells
from a2u_tf.ops.trace import SHORT_RUN
from a2u_tf.types import Tensor


def suits(window: Window, features: Tensor, kernels: Tensor) -> bool:
    """Whether planes take less time than `taps`, for shapes that are known."""
    return window.down > 1 and kernels.shape[1:3] != (1, 1) and features.shape[-1] // window.groups <= SHORT_RUN


def to_kernels(window: Window, features: Tensor, kernels: Tensor, upstream: Tensor) -> Tensor:
    """The gradient with respect to kernels, `(N, rows, columns, groups * taps)`, in a TensorFlow graph."""
    scale, (rows, columns) = window.down, window.grid(features)
    cells = rows + window.reach, columns + window.reach
    behind = [max(0, n * scale - window.before - m) for n, m in zip(cells, features.shape[1:3], strict=True)]
    around = [[0, 0], *([window.before, n] for n in behind), [0, 0]]
    padded = ops.pad(features, around)[:, : cells[0] * scale, : cells[1] * scale]
    phases = ops.transpose(split_cells(padded, cells, scale), (0, 5, 2, 4, 1, 3))
    # The transpositions are TensorFlow's own: XLA would merge them into the sums, each read a stride apart.
    sums = compiled_part(_sum_taps, window)(phases, ops.transpose(upstream, (0, 3, 1, 2)))
    return ops.transpose(sums, (0, 2, 3, 1))


def _sum_taps(window: Window, phases: Tensor, upstream: Tensor) -> Tensor:
    """`(N, C, scale, scale, rows + reach, columns + reach)` and `(N, C, rows, columns)` to `(N, K, rows, columns)`."""
    scale, groups = window.down, window.groups
    batch, channels, rows, columns = upstream.shape
    sums = []
    for i, j in window.taps():
        top, left = i // scale, j // scale
        read = phases[:, :, i % scale, j % scale, top : top + rows, left : left + columns]
        products = ops.reshape(read * upstream, (batch, groups, channels // groups, rows, columns))
        sums.append(ops.sum(products, axis=2))
    return ops.reshape(ops.stack(sums, axis=2), (batch, window.depth, rows, columns))
