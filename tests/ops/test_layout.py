"""Phases and windows as slices."""

import numpy as np
import pytest

from a2u_tf.ops import layout
from tests.helpers import run, to_numpy


def test_taps_run_row_by_row():
    assert list(layout.taps(2)) == [(0, 0, 0), (1, 0, 1), (2, 1, 0), (3, 1, 1)]


@pytest.mark.parametrize(("kernel_size", "scale", "cells"), [(1, 1, 0), (3, 1, 2), (4, 2, 1), (5, 2, 2), (2, 3, 0)])
def test_reach_by_hand(kernel_size, scale, cells):
    assert layout.reach(kernel_size, scale) == cells


@pytest.mark.parametrize(("a", "b", "expected"), [(2, 2, True), (2, 3, False), (None, None, False), (2, None, False)])
def test_same_needs_known_sizes(a, b, expected):
    assert layout.same(a, b) is expected


def test_convention_phases_are_sub_positions_of_a_cell():
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    phases = to_numpy(run(lambda x: layout.split_phases(x, (2, 2), 2), x))
    assert phases.shape == (1, 2, 2, 2, 2, 1)
    for row, a, column, b in np.ndindex(2, 2, 2, 2):
        assert phases[0, row, a, column, b, 0] == x[0, 2 * row + a, 2 * column + b, 0]


@pytest.mark.parametrize(("height", "width", "scale"), [(4, 6, 2), (5, 3, 2), (7, 8, 3), (1, 1, 4)])
def test_split_phases_pads_with_zeros_and_merge_undoes_it(rng, height, width, scale):
    x = rng.normal(size=(2, height, width, 3))
    rows, columns = -(-height // scale), -(-width // scale)
    merged = to_numpy(run(lambda x: layout.merge_phases(layout.split_phases(x, (rows, columns), scale)), x))
    missing = [(0, 0), (0, rows * scale - height), (0, columns * scale - width), (0, 0)]
    np.testing.assert_array_equal(merged, np.pad(x, missing))


@pytest.mark.parametrize(
    ("size", "kernel_size", "scale"), [((5, 4), 3, 1), ((5, 4), 4, 2), ((4, 7), 2, 3), ((1, 1), 5, 2)]
)
def test_window_tap_reads_what_the_definition_says(rng, size, kernel_size, scale):
    x = rng.normal(size=(1, *size, 2))
    rows, columns = (-(-length // scale) for length in size)
    before = (kernel_size - 1) // 2
    padded = np.pad(x, [(0, 0), (before, 99), (before, 99), (0, 0)])
    windows = run(lambda x: layout.split_windows(x, kernel_size, scale, (rows, columns)), x)
    for _, i, j in layout.taps(kernel_size):
        expected = padded[:, i : i + rows * scale : scale, j : j + columns * scale : scale]
        np.testing.assert_array_equal(to_numpy(layout.window_tap(windows, i, j, (rows, columns))), expected)


@pytest.mark.parametrize(
    ("size", "kernel_size", "scale"), [((5, 4), 3, 1), ((5, 4), 4, 2), ((3, 2), 1, 3), ((1, 1), 5, 2)]
)
def test_merge_windows_undoes_split_windows(rng, size, kernel_size, scale):
    x = rng.normal(size=(2, *size, 3))
    rows, columns = (-(-length // scale) for length in size)
    covered = [
        min(length, n * scale + layout.reach(kernel_size, scale) * scale - (kernel_size - 1) // 2)
        for length, n in zip(size, (rows, columns), strict=True)
    ]

    def there_and_back(x):
        return layout.merge_windows(layout.split_windows(x, kernel_size, scale, (rows, columns)), kernel_size, *size)

    result = to_numpy(run(there_and_back, x))
    assert result.shape == x.shape
    np.testing.assert_array_equal(result[:, : covered[0], : covered[1]], x[:, : covered[0], : covered[1]])


def test_merge_windows_fills_with_zeros_what_no_window_reads():
    # Two 3 x 3 windows at scale 3 span pixels -1 to 4 of 6.
    x = np.ones((1, 6, 6, 1))
    result = to_numpy(run(lambda x: layout.merge_windows(layout.split_windows(x, 3, 3, (2, 2)), 3, 6, 6), x))
    assert result[0, :, 0, 0].tolist() == [1, 1, 1, 1, 1, 0]
