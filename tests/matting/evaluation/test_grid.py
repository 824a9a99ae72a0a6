"""Grids of mattes."""

import numpy as np

from a2u_tf.matting.evaluation.grid import matting_grid

MARGIN, HEADER = 4, 22


def test_grid_of_mattes(rng):
    image = rng.integers(0, 256, size=(8, 8, 3), dtype="uint8")
    trimap = np.full((8, 8), 128, np.uint8)
    trimap[0], trimap[1] = 0, 255
    target, first, second = (np.full((8, 8), level, np.uint8) for level in (100, 120, 250))
    grid = matting_grid([(image, trimap, target, first, second)] * 3, ("first", "second"), side=8)
    assert grid.shape == (HEADER + 3 * (8 + MARGIN), 7 * (8 + MARGIN), 3)
    last_row = grid[-8 - MARGIN : -MARGIN]
    shown = [last_row[:, start : start + 8] for start in range(0, grid.shape[1], 8 + MARGIN)]
    np.testing.assert_array_equal(shown[0], image)
    for tile, expected in zip(shown[1:4], (trimap, target, first), strict=True):
        np.testing.assert_array_equal(tile[..., 0], expected)
    np.testing.assert_array_equal(shown[5][..., 0], second)
    for tile, error in ((shown[4], 40), (shown[6], 255)):
        assert (tile[:2] == 0).all()
        assert (tile[2:] == error).all()
