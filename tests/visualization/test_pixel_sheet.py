"""The sheet of kernels in numbers."""

import numpy as np
import pytest

from a2u_tf.visualization import KernelMap, pixel_sheet
from a2u_tf.visualization.tiles import signed_colours

MARGIN, HEADER, CELL, SIDE = 4, 22, 54, 162
ORANGE, GREEN, OUTSIDE = [255, 160, 0], [0, 160, 90], [64, 64, 64]


def level_of(rng, height, width, count=1, size=3, name="kernels_1", scale=2):
    weights = rng.uniform(size=(count, height, width, 1, size, size)).astype("float32")
    return KernelMap(name, weights / weights.sum(axis=(-2, -1), keepdims=True), scale)


def tiles(sheet, top):
    return [sheet[top : top + SIDE, left : left + SIDE] for left in range(MARGIN, sheet.shape[1], SIDE + MARGIN)]


FIRST = 3 * HEADER + HEADER + HEADER  # caption, level, names of the columns


def test_feature_picture_window_and_weights(rng):
    pictures = rng.uniform(size=(2, 18, 18, 1))
    first, second = (level_of(rng, 18, 18, count=2) for _ in range(2))
    sheet = pixel_sheet(pictures, {"untrained": [first], "trained": [second]}, [(7, 10), (0, 17)], number=1)
    assert sheet.shape == (3 * HEADER + HEADER + 2 * (HEADER + SIDE + MARGIN), MARGIN + 4 * (SIDE + MARGIN), 3)
    picture, window, *heats = tiles(sheet, FIRST)
    # Each pixel has nine here. Row 7 and column 10 draw from low-resolution rows 2 to 4 and columns 4 to 6.
    assert picture[9 * 7 + 4, 9 * 10 + 4].tolist() == GREEN
    for y, x in ((4 * 9, 8 * 9), (10 * 9 - 1, 14 * 9 - 1), (4 * 9, 14 * 9 - 1), (10 * 9 - 1, 8 * 9)):
        assert picture[y, x].tolist() == ORANGE
    assert np.count_nonzero((picture == ORANGE).all(axis=-1)) == 4 * 53
    shown = pictures[1, 2, 3, 0] * 255
    np.testing.assert_allclose(picture[2 * 9 + 4, 3 * 9 + 4], shown, atol=0.51)
    low = 255 * pictures[1, ..., 0].reshape(9, 2, 9, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(window[4::CELL, 4::CELL, 0], low[2:5, 4:7], atol=1)
    # The ring is around the pixel's centre: (7.5, 10.5) in the picture, (3.75, 5.25) in the low resolution.
    y, x = round(1.75 * CELL), round(1.25 * CELL)
    assert all(window[place].tolist() == GREEN for place in ((y, x + 7), (y, x - 7), (y + 7, x), (y - 7, x)))
    chosen = [level.weights[1][y, x, 0] for level in (first, second) for y, x in ((7, 10), (0, 17))]
    limit = np.abs(np.array(chosen) - 1 / 9).max()
    for level, heat in zip((first, second), heats, strict=True):
        expected = signed_colours(level.weights[1, 7, 10, 0] - 1 / 9, limit)
        np.testing.assert_array_equal(heat[4::CELL, 4::CELL], expected)
        for i, j in np.ndindex(3, 3):  # a number stands in the middle of each weight
            cell = heat[i * CELL + 2 : (i + 1) * CELL, j * CELL + 2 : (j + 1) * CELL].astype(int)
            assert np.abs(cell[20:34] - cell[0, 0]).max() > 80
            assert (cell[:14] == cell[0, 0]).all()


def test_feature_window_that_leaves_the_map(rng):
    picture = np.ones((1, 18, 18, 1))
    sheet = pixel_sheet(picture, {"trained": [level_of(rng, 18, 18)]}, [(0, 17)])
    framed, window, _ = tiles(sheet, FIRST)
    corners = window[4::CELL, 20::CELL]  # off the diagonals
    inside = np.array([[False] * 3, [True, True, False], [True, True, False]])
    assert (corners[inside] == 255).all()
    assert (corners[~inside] == OUTSIDE).all()
    assert window[CELL // 2, CELL // 2].tolist() != OUTSIDE  # crossed out
    rows, columns = np.nonzero((framed == ORANGE).all(axis=-1))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (0, 4 * 9 - 1, 14 * 9, SIDE - 1)


def test_feature_coarse_level_and_odd_sizes(rng):
    """A map of 5 x 5 kernels for 9 x 9 pixels, over a map of 3 x 3."""
    fine, coarse = level_of(rng, 9, 9), level_of(rng, 5, 5, name="kernels_2")
    sheet = pixel_sheet(np.zeros((1, 9, 9, 3)), {"trained": [fine, coarse]}, [(8, 4)])
    heat = tiles(sheet, FIRST + SIDE + MARGIN + 2 * HEADER)[2]
    kernels = np.stack([fine.weights[0, 8, 4, 0], coarse.weights[0, 4, 2, 0]]) - 1 / 9
    expected = signed_colours(kernels[1], np.abs(kernels).max())
    np.testing.assert_array_equal(heat[4::CELL, 4::CELL], expected)


def test_feature_levels_of_different_kernel_sizes(rng):
    models = {"trained": [level_of(rng, 8, 8, size=5), level_of(rng, 4, 4, size=3)]}
    sheet = pixel_sheet(np.zeros((1, 8, 8, 1)), models, [(3, 3)])
    heights = sum(HEADER + HEADER + size * CELL + MARGIN for size in (5, 3))
    assert sheet.shape == (3 * HEADER + heights, MARGIN + 3 * (5 * CELL + MARGIN), 3)


@pytest.mark.parametrize("pixels", [[(8, 0)], [(0, -1)], [(0, 0), (3, 9)], []])
def test_exception_pixels_outside(rng, pixels):
    models = {"trained": [level_of(rng, 8, 9)]}
    with pytest.raises(ValueError, match=r"y from 0 to 7 and x from 0 to 8\. Received: \["):
        pixel_sheet(np.zeros((1, 8, 9, 1)), models, pixels)


def test_exception_levels_that_differ(rng):
    with pytest.raises(ValueError, match="same levels"):
        pixel_sheet(np.zeros((1, 8, 8, 1)), {"a": [level_of(rng, 8, 8)], "b": [level_of(rng, 4, 4)]}, [(0, 0)])
