"""Errors of mattes in files."""

import cv2
import numpy as np
import pytest

from a2u_tf.files import write_png
from a2u_tf.matting.evaluation import evaluate
from a2u_tf.matting.evaluation.files import evaluate_files, read_levels
from a2u_tf.matting.pictures import EvaluationImage, PictureError


@pytest.fixture
def arrays(rng):
    return {
        "target": rng.integers(0, 256, (9, 11), dtype=np.uint8),
        "trimap": rng.choice(np.uint8([0, 128, 255]), (9, 11)),
        "ours": rng.integers(0, 256, (9, 11), dtype=np.uint8),
        "theirs": rng.integers(0, 256, (9, 11), dtype=np.uint8),
    }


@pytest.fixture
def files(tmp_path, arrays):
    """`(images, predictions)` of one image and two methods."""
    for name, array in arrays.items():
        write_png(tmp_path / f"{name}.png", array)
    images = [EvaluationImage("x", None, tmp_path / "trimap.png", tmp_path / "target.png")]
    return images, {name: {"x": tmp_path / f"{name}.png"} for name in ("ours", "theirs")}


def test_rows(files, arrays):
    rows = list(evaluate_files(*files))
    for row, method in zip(rows, ("ours", "theirs"), strict=True):
        assert row.pop("image") == "x"
        assert row.pop("method") == method
        assert row.pop("unknown") == np.sum(arrays["trimap"] == 128)
        assert row == evaluate(arrays[method], arrays["target"], arrays["trimap"])


def test_levels_of_8_bits_are_kept(tmp_path):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    write_png(tmp_path / "x.png", levels)
    np.testing.assert_array_equal(read_levels(tmp_path / "x.png"), levels)


def test_levels_of_16_bits_are_rounded(tmp_path):
    values = np.arange(0, 65536, 1, dtype=np.uint16).reshape(256, 256)
    cv2.imwrite(str(tmp_path / "x.png"), values)
    expected = (values.astype(int) + 128) // 257
    np.testing.assert_array_equal(read_levels(tmp_path / "x.png"), expected)


def test_exception_names_a_broken_file(files):
    images, predictions = files
    path = predictions["theirs"]["x"]
    content = bytearray(path.read_bytes())
    content[60] ^= 255
    path.write_bytes(content)
    with pytest.raises(PictureError, match=str(path)):
        list(evaluate_files(images, predictions))


def test_exception_names_the_trimap(files):
    images, predictions = files
    write_png(images[0].trimap, np.full((9, 11), 2, np.uint8))
    with pytest.raises(PictureError, match=rf"^{images[0].trimap} has neither .* Received: 2, of 255"):
        list(evaluate_files(images, predictions))
