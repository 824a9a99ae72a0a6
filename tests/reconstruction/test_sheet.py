"""Sheets of reconstructions."""

import cv2
import numpy as np
import pytest

from a2u_tf.reconstruction.sheet import reconstruction_sheet

MARGIN, HEADER = 4, 22


def tiles(sheet, count, height, width, zoom):
    """The pictures of a sheet, `(row, count, height * zoom, width * zoom)`."""
    down, right = HEADER + height * zoom + MARGIN, width * zoom + MARGIN
    assert sheet.shape == (len(sheet) // down * down, MARGIN + count * right)
    rows = sheet[:, MARGIN:].reshape(-1, down, count, right)[:, HEADER:-MARGIN, :, :-MARGIN]
    return rows.swapaxes(1, 2)


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


def test_feature_several_networks_below_each_other(tmp_path, rng):
    inputs, one, other = rng.uniform(size=(3, 2, 8, 9, 1))
    reconstruction_sheet(inputs, {"one": one, "other": other}, tmp_path / "sheet.png", zoom=1)
    shown = tiles(cv2.imread(str(tmp_path / "sheet.png"), cv2.IMREAD_UNCHANGED), 2, 8, 9, 1)
    assert len(shown) == 5
    for row, expected in zip(shown, (inputs, one, 2 * abs(one - inputs), other, 2 * abs(other - inputs)), strict=True):
        np.testing.assert_allclose(row, 255 * np.minimum(expected[..., 0], 1), atol=0.51)


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [((2, 8, 8, 1), (1, 8, 8, 1)), ((8, 8, 1), (8, 8, 1)), ((1, 8, 8, 3), (1, 8, 8, 3)), ((1, 8, 8, 1), (1, 8, 9, 1))],
)
def test_exception_of_shapes(tmp_path, inputs, outputs):
    with pytest.raises(ValueError, match=r"count, height, width, 1.*Received: inputs.shape="):
        reconstruction_sheet(np.zeros(inputs), np.zeros(outputs), tmp_path / "sheet.png")
    assert not list(tmp_path.iterdir())
