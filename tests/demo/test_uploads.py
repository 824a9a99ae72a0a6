"""Files that are dropped on the page."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import PictureError
from demo.uploads import plain_colour, read_background, read_dropped_trimap


def write(path, pixels):
    cv2.imwrite(str(path), pixels)
    return path


def test_background_is_rgb(tmp_path):
    path = write(tmp_path / "picture.png", np.full((2, 3, 3), (1, 2, 3), np.uint8))
    assert read_background(path).tolist() == [[[3, 2, 1]] * 3] * 2


def test_errors_name_the_file_without_its_folder(tmp_path):
    coloured = write(tmp_path / "coloured.png", np.full((2, 3, 3), (1, 2, 3), np.uint8))
    with pytest.raises(PictureError, match=r"^coloured\.png has colours"):
        read_dropped_trimap(coloured)
    text = tmp_path / "text.png"
    text.write_text("no picture")
    with pytest.raises(PictureError, match=r"^text\.png is damaged or no picture of the formats PNG, JPEG"):
        read_background(text)


@pytest.mark.parametrize("text", ["#0a80ff", "rgba(10, 128, 255, 1)", "rgba(9.7,128.2,255,0.5)", "rgb(10, 128, 255)"])
def test_colours_of_the_picker(text):
    picture = plain_colour(text, 2, 3)
    assert picture.dtype == np.uint8
    assert picture.tolist() == [[[10, 128, 255]] * 3] * 2
