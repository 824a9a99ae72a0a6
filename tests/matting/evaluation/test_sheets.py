"""Sheets and grids of predicted mattes."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.evaluation import matte_sheet, matting_grid
from a2u_tf.visualization.tiles import HEADER, MARGIN

COLUMN, FRAME, BLUE = 400 + MARGIN, [0, 200, 255], [96, 48, 16]


def draw(path, shape, with_image=True):
    """Write the sheet of a matte with one wrong square; returns its rows as columns of tiles, and the arrays."""
    target = np.full(shape, 255, np.uint8)
    prediction = target.copy()
    prediction[-30:-10, -30:-10] = 205
    trimap = np.full(shape, 128, np.uint8)
    trimap[:20] = 255
    image = np.empty((*shape, 3), np.uint8)
    image[:] = (200, 100, 50)
    matte_sheet(prediction, target, trimap, path, image if with_image else None, "title")
    sheet = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    count = sheet.shape[1] // COLUMN
    assert sheet.shape[1] == count * COLUMN
    return [sheet[2 * HEADER :, n * COLUMN : (n + 1) * COLUMN] for n in range(count)]


@pytest.mark.parametrize("shape", [(240, 400), (400, 240), (60, 50), (1200, 2000)])
@pytest.mark.parametrize("with_image", [True, False])
def test_columns(tmp_path, shape, with_image):
    columns = draw(tmp_path / "x.png", shape, with_image)
    assert len(columns) == 4 + with_image
    zoom = 400 / max(shape)
    height, width = (round(zoom * n) for n in shape)
    assert (columns[-1][: height + MARGIN, width:400] == 64).all()
    wholes = [column[:height, :width] for column in columns]
    error, target, prediction, trimap = wholes[:-5:-1]
    # Colours are looked up well inside their areas, away from the frame.
    assert target[height // 4, width // 3].tolist() == [255] * 3
    assert trimap[2, width // 3].tolist() == [255] * 3
    assert error[2, width // 3].tolist() == BLUE
    wrong = round(zoom * (shape[0] - 20)), round(zoom * (shape[1] - 20))
    assert prediction[wrong].tolist() == [205] * 3
    assert error[wrong].tolist() == [100] * 3
    if with_image:
        assert wholes[0][height // 4, width // 3].tolist() == [50, 100, 200]


def test_second_row_enlarges_the_worst_place_and_a_frame_is_around_it(tmp_path):
    *_, error = draw(tmp_path / "x.png", (600, 800))
    second = error[400 + MARGIN : -MARGIN, :400]
    assert second.shape == (400, 400, 3)
    # The square of 20 pixels, twice as large, is all of the error that shows.
    assert np.count_nonzero((second == 100).all(-1)) == 40 * 40
    assert np.count_nonzero((second != 0).any(-1)) == 40 * 40
    *_, error = draw(tmp_path / "x.png", (400, 400))
    ys, xs = np.nonzero((error[:400] == FRAME).all(-1))
    assert xs.max() - xs.min() == ys.max() - ys.min() == 199
    assert ys.max() == xs.max() == 399


def test_grid_of_mattes(rng):
    image = rng.integers(0, 256, size=(8, 8, 3), dtype="uint8")
    trimap = np.full((8, 8), 128, np.uint8)
    trimap[0], trimap[1] = 0, 255
    target, first, second = (np.full((8, 8), level, np.uint8) for level in (100, 120, 250))
    grid = matting_grid([(image, trimap, target, first, second)] * 3, ("first", "second"), side=8)
    assert grid.shape == (HEADER + 3 * (8 + MARGIN), 7 * (8 + MARGIN), 3)
    shown = [grid[-8 - MARGIN : -MARGIN][:, start : start + 8] for start in range(0, grid.shape[1], 8 + MARGIN)]
    np.testing.assert_array_equal(shown[0], image)
    for tile, expected in zip(shown[1:4], (trimap, target, first), strict=True):
        np.testing.assert_array_equal(tile[..., 0], expected)
    np.testing.assert_array_equal(shown[5][..., 0], second)
    for tile, error in ((shown[4], 40), (shown[6], 255)):
        assert (tile[:2] == 0).all()
        assert (tile[2:] == error).all()
