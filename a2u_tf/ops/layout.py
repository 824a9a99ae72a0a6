"""The index arithmetic of reassembly on channels-last maps, in slices and pads.

The *grid* is the lower-resolution side, `rows x columns`. The higher-resolution side is cut into its `scale x scale`
sub-positions (*phases*), which makes what tap `(i, j)` of every window reads a plain slice.
"""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from keras import ops

from a2u_tf.types import Tensor

Size: TypeAlias = Any  # an int, or a scalar tensor where a graph leaves the size open
Grid: TypeAlias = tuple[Size, Size]


class Window(NamedTuple):
    """What a reassembly reads for each output pixel; `validation.checked_window` makes it of what a user gives."""

    direction: str  # "up" or "down"
    kernel_size: int
    scale: int = 2
    groups: int = 1  # kernels per pixel

    @property
    def up(self) -> int:
        return self.scale if self.direction == "up" else 1

    @property
    def down(self) -> int:
        return self.scale if self.direction == "down" else 1

    @property
    def depth(self) -> int:
        """Channels of a kernel map."""
        return self.groups * self.kernel_size**2

    @property
    def before(self) -> int:
        """Pixels of the window before the one that it belongs to, along one axis."""
        return (self.kernel_size - 1) // 2

    @property
    def reach(self) -> int:
        """Grid cells of the window beyond the one that it starts in, along one axis."""
        return (self.kernel_size - 1) // self.down

    def taps(self) -> Iterator[tuple[int, int]]:
        """Rows and columns of the window in tap order."""
        return itertools.product(range(self.kernel_size), range(self.kernel_size))

    def grid(self, features: Tensor) -> Grid:
        height, width = ops.shape(features)[1:3]
        return (height + self.down - 1) // self.down, (width + self.down - 1) // self.down


def same(a: Size, b: Size) -> bool:
    """Whether two sizes are known and equal."""
    return isinstance(a, int) and isinstance(b, int) and a == b


def split_batch(x: Tensor, count: int) -> list[Tensor]:
    """The `count` batches that lie one after another in one."""
    if count == 1:
        return [x]
    batch, *sizes = ops.shape(x)
    parts: list[Tensor] = ops.unstack(ops.reshape(x, (count, batch // count, *sizes)), count, axis=0)
    return parts


def split_phases(x: Tensor, grid: Grid, scale: int) -> Tensor:
    """`(N, H, W, C)` to `(N, rows, scale, columns, scale, C)`, zero-padded where H or W fall short of it."""
    if scale == 1:
        return x[:, :, None, :, None, :]
    _, height, width, _ = ops.shape(x)
    rows, columns = grid
    if not (same(height, rows * scale) and same(width, columns * scale)):
        x = ops.pad(x, [[0, 0], [0, scale - 1], [0, scale - 1], [0, 0]])[:, : rows * scale, : columns * scale]
    return split_cells(x, grid, scale)


def split_cells(x: Tensor, grid: Grid, scale: int) -> Tensor:
    """`(N, rows * scale, columns * scale, C)` to `(N, rows, scale, columns, scale, C)`."""
    batch, _, _, channels = ops.shape(x)
    return ops.reshape(x, (batch, grid[0], scale, grid[1], scale, channels))


def merge_phases(x: Tensor) -> Tensor:
    """`(N, rows, scale, columns, scale, C)` to `(N, rows * scale, columns * scale, C)`."""
    batch, rows, scale, columns, _, channels = ops.shape(x)
    return ops.reshape(x, (batch, rows * scale, columns * scale, channels))


def depth_to_space(x: Tensor, scale: int) -> Tensor:
    """`(N, h, w, scale**2 * C)`, ordered sub-position, channel, to `(N, scale * h, scale * w, C)`."""
    return ops.depth_to_space(x, scale, "channels_last") if scale > 1 else x


def read_windows(features: Tensor, window: Window, grid: Grid) -> Iterator[Tensor]:
    """Yield tap by tap what the windows of all grid cells read, `(N, rows, columns, C)`, zero outside the map."""
    scale, phases = window.down, read_phases(features, window, grid)
    for i, j in window.taps():
        top, left = i // scale, j // scale
        yield phases[i % scale][j % scale][:, top : top + grid[0], left : left + grid[1]]


def read_phases(features: Tensor, window: Window, grid: Grid) -> list[list[Tensor]]:
    """What the windows of all grid cells read, by phases, `(N, rows + reach, columns + reach, C)` each."""
    scale, before = window.down, window.before
    rows, columns = (size + window.reach for size in grid)
    after = window.kernel_size - 1 + scale  # at least what the last window needs; the excess is sliced off
    padded = ops.pad(features, [[0, 0], [before, after], [before, after], [0, 0]])
    padded = padded[:, : rows * scale, : columns * scale]
    if scale == 1:
        return [[padded]]
    # Maps of their own: LiteRT slices up to rank five, XLA differentiates a slice by all of its map.
    batch, _, _, channels = ops.shape(padded)
    cells = ops.reshape(padded, (batch, rows, scale, columns, scale * channels))
    starts = [b * channels for b in range(scale)]
    return [[cells[:, :, a, :, start : start + channels] for start in starts] for a in range(scale)]
