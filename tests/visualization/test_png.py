"""Sheets of pictures as PNG files."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.evaluation.grid import matting_grid
from a2u_tf.reconstruction.sheet import reconstruction_sheet
from a2u_tf.visualization import write_png

MARGIN, HEADER = 4, 22


def tiles(sheet, count, height, width, zoom):
    """The pictures of a sheet, `(row, count, height * zoom, width * zoom)`."""
    down, right = HEADER + height * zoom + MARGIN, width * zoom + MARGIN
    assert sheet.shape == (3 * down, MARGIN + count * right)
    cut = [
        [
            sheet[row * down + HEADER : (row + 1) * down - MARGIN, MARGIN + n * right : (n + 1) * right]
            for n in range(count)
        ]
        for row in range(3)
    ]
    return np.array(cut)


@pytest.mark.parametrize("zoom", [1, 3])
@pytest.mark.parametrize("count", [1, 2])
def test_feature_sheet_shows_inputs_outputs_and_errors(tmp_path, rng, count, zoom):
    inputs = rng.uniform(size=(count, 20, 24, 1))
    outputs = inputs.copy()
    outputs[0, 2, 5] = inputs[0, 2, 5] + (0.5 if inputs[0, 2, 5] < 0.5 else -0.5)
    path = tmp_path / "folder" / "sheet.png"
    reconstruction_sheet(inputs, outputs, path, zoom)
    shown = tiles(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), count, 20, 24, zoom)
    assert shown.dtype == np.uint8
    shown = shown[..., ::zoom, ::zoom]
    np.testing.assert_allclose(shown[0], 255 * inputs[..., 0], atol=0.51)
    np.testing.assert_allclose(shown[1], 255 * outputs[..., 0], atol=0.51)
    assert shown[2, 0, 2, 5] == 255
    assert np.count_nonzero(shown[2]) == 1


def test_feature_error_row_is_twice_the_error_and_values_are_clipped(tmp_path):
    inputs = np.zeros((1, 8, 8, 1))
    outputs = np.zeros((1, 8, 8, 1))
    outputs[0, :, 0], outputs[0, :, 1], outputs[0, :, 2] = 0.1, 2, -1
    reconstruction_sheet(inputs, outputs, tmp_path / "sheet.png", zoom=1)
    shown = tiles(cv2.imread(str(tmp_path / "sheet.png"), cv2.IMREAD_UNCHANGED), 1, 8, 8, 1)
    assert shown[1, 0, 0].tolist() == [26, 255, 0, 0, 0, 0, 0, 0]
    assert shown[2, 0, 0].tolist() == [51, 255, 255, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [((2, 8, 8, 1), (1, 8, 8, 1)), ((8, 8, 1), (8, 8, 1)), ((1, 8, 8, 3), (1, 8, 8, 3)), ((1, 8, 8, 1), (1, 8, 9, 1))],
)
def test_exception_of_shapes(tmp_path, inputs, outputs):
    with pytest.raises(ValueError, match=r"count, height, width, 1.*Received: inputs.shape="):
        reconstruction_sheet(np.zeros(inputs), np.zeros(outputs), tmp_path / "sheet.png")
    assert not list(tmp_path.iterdir())


def test_feature_png_of_colours(tmp_path, rng):
    image = rng.integers(0, 256, size=(5, 7, 3), dtype="uint8")
    write_png(tmp_path / "image.png", image)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "image.png"), cv2.IMREAD_UNCHANGED), image)
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]


def test_feature_grid_of_mattes(rng):
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
