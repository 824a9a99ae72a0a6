"""Phases and windows as slices."""

import numpy as np
import pytest

from a2u_tf.ops import layout
from a2u_tf.ops.layout import Window
from tests.helpers import run, to_numpy


def test_taps_run_row_by_row():
    assert list(Window("down", 2).taps()) == [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.parametrize(("a", "b", "expected"), [(2, 2, True), (2, 3, False), (None, None, False), (2, None, False)])
def test_same_needs_known_sizes(a, b, expected):
    assert layout.same(a, b) is expected


def test_convention_phases_are_sub_positions_of_a_cell():
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    phases = to_numpy(run(lambda x: layout.split_phases(x, (2, 2), 2), x))
    assert phases.shape == (1, 2, 2, 2, 2, 1)
    for row, a, column, b in np.ndindex(2, 2, 2, 2):
        assert phases[0, row, a, column, b, 0] == x[0, 2 * row + a, 2 * column + b, 0]


@pytest.mark.parametrize(("height", "width", "scale"), [(4, 6, 2), (5, 3, 2), (7, 8, 3), (1, 1, 4), (2, 3, 1)])
def test_split_phases_pads_with_zeros_and_merge_undoes_it(rng, height, width, scale):
    x = rng.normal(size=(2, height, width, 3))
    rows, columns = -(-height // scale), -(-width // scale)
    merged = to_numpy(run(lambda x: layout.merge_phases(layout.split_phases(x, (rows, columns), scale)), x))
    missing = [(0, 0), (0, rows * scale - height), (0, columns * scale - width), (0, 0)]
    np.testing.assert_array_equal(merged, np.pad(x, missing))


@pytest.mark.parametrize(
    ("size", "window"),
    [
        ((5, 4), Window("up", 3, 2)),
        ((5, 4), Window("down", 4, 2)),
        ((4, 7), Window("down", 2, 3)),
        ((1, 1), Window("down", 5, 2)),
    ],
)
def test_windows_read_what_the_definition_says(rng, size, window):
    x = rng.normal(size=(1, *size, 2))
    scale = window.down
    rows, columns = window.grid(x)
    assert (rows, columns) == tuple(-(-length // scale) for length in size)
    padded = np.pad(x, [(0, 0), (window.before, 99), (window.before, 99), (0, 0)])
    read = run(lambda x: list(layout.read_windows(x, window, (rows, columns))), x)
    for values, (i, j) in zip(read, window.taps(), strict=True):
        expected = padded[:, i : i + rows * scale : scale, j : j + columns * scale : scale]
        np.testing.assert_array_equal(to_numpy(values), expected)
