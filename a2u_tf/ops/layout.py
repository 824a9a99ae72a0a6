"""The index arithmetic of reassembly on channels-last maps, in slices and pads.

Words: the *grid* is the lower-resolution side, `rows x columns`. The higher-resolution side is cut into its
`scale x scale` sub-positions (*phases*), which makes what tap `(i, j)` of every window reads a plain slice.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from keras import ops

from a2u_tf.types import Tensor

Size: TypeAlias = Any  # an int, or a scalar tensor where a graph leaves the size open
Grid: TypeAlias = tuple[Size, Size]
Phases: TypeAlias = list[list[Tensor]]


def taps(kernel_size: int) -> Iterator[tuple[int, int, int]]:
    """Yield `(tap, row, column)` of a window in tap order."""
    for i in range(kernel_size):
        for j in range(kernel_size):
            yield i * kernel_size + j, i, j


def reach(kernel_size: int, scale: int) -> int:
    """How many grid cells a window extends beyond the one that it starts in, along one axis."""
    return (kernel_size - 1) // scale


def same(a: Size, b: Size) -> bool:
    """Whether two sizes are known and equal."""
    return isinstance(a, int) and isinstance(b, int) and a == b


def split_phases(x: Tensor, grid: Grid, scale: int) -> Tensor:
    """`(N, H, W, C)` to `(N, rows, scale, columns, scale, C)`, zero-padded where H or W fall short of it."""
    _, height, width, _ = ops.shape(x)
    rows, columns = grid
    if not (same(height, rows * scale) and same(width, columns * scale)):
        x = ops.pad(x, [[0, 0], [0, scale - 1], [0, scale - 1], [0, 0]])[:, : rows * scale, : columns * scale]
    return split_cells(x, grid, scale)


def split_cells(x: Tensor, grid: Grid, scale: int) -> Tensor:
    """`(N, rows * scale, columns * scale, C)` to `(N, rows, scale, columns, scale, C)`."""
    batch, _, _, channels = ops.shape(x)
    rows, columns = grid
    return ops.reshape(x, (batch, rows, scale, columns, scale, channels))


def merge_phases(x: Tensor) -> Tensor:
    """`(N, rows, scale, columns, scale, C)` to `(N, rows * scale, columns * scale, C)`."""
    batch, rows, scale, columns, _, channels = ops.shape(x)
    return ops.reshape(x, (batch, rows * scale, columns * scale, channels))


def depth_to_space(x: Tensor, scale: int) -> Tensor:
    """`(N, h, w, scale**2 * C)`, ordered sub-position, channel, to `(N, scale * h, scale * w, C)`."""
    return ops.depth_to_space(x, scale, "channels_last") if scale > 1 else x


def split_windows(features: Tensor, kernel_size: int, scale: int, grid: Grid) -> Phases:
    """Pad so that the window of every grid cell lies inside; `phases[a][b]` holds sub-position `(a, b)` of each cell.

    Phases are maps of their own: LiteRT slices no tensor above rank five, and XLA differentiates slices of one map
    with respect to all of it.
    """
    before = (kernel_size - 1) // 2
    rows, columns = (size + reach(kernel_size, scale) for size in grid)
    after = kernel_size - 1 + scale  # at least what the last window needs; the excess is sliced off
    padded = ops.pad(features, [[0, 0], [before, after], [before, after], [0, 0]])
    padded = padded[:, : rows * scale, : columns * scale]
    if scale == 1:
        return [[padded]]
    batch, _, _, channels = ops.shape(padded)
    cells = ops.reshape(padded, (batch, rows, scale, columns, scale * channels))
    starts = [b * channels for b in range(scale)]
    return [[cells[:, :, a, :, start : start + channels] for start in starts] for a in range(scale)]


def window_tap(phases: Phases, i: int, j: int, grid: Grid) -> Tensor:
    """What tap `(i, j)` of every window reads: `(N, rows, columns, C)` out of `split_windows`."""
    scale = len(phases)
    row, column = i // scale, j // scale
    rows, columns = grid
    return phases[i % scale][j % scale][:, row : row + rows, column : column + columns]


def merge_windows(phases: Phases, kernel_size: int, height: Size, width: Size) -> Tensor:
    """Undo `split_windows`: take the map of `height x width` out of its padding."""
    scale = len(phases)
    before = (kernel_size - 1) // 2
    padded = phases[0][0]
    if scale > 1:
        padded = merge_phases(ops.stack([ops.stack(row, axis=3) for row in phases], axis=2))
    # The last rows and columns of the map can lie beyond every window.
    x = ops.pad(padded, [[0, 0], [0, scale], [0, scale], [0, 0]])
    return x[:, before : before + height, before : before + width]
