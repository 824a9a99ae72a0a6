"""PNG files as another reader sees them: colours in their order, all bits, whole or not there."""

import numpy as np
import pytest
from PIL import Image

from a2u_tf.files import write_png


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_levels_come_back(tmp_path, rng, shape, fast):
    levels = rng.integers(0, 256, shape, dtype="uint8")
    write_png(tmp_path / "x.PNG", levels, b"a profile", fast=fast)
    with Image.open(tmp_path / "x.PNG") as image:
        np.testing.assert_array_equal(np.asarray(image), levels)
        assert image.info["icc_profile"] == b"a profile"
    assert [path.name for path in tmp_path.iterdir()] == ["x.PNG"]


def test_16_bits_of_grey_come_back(tmp_path, rng):
    levels = rng.integers(0, 2**16, (5, 7), dtype="uint16")
    write_png(tmp_path / "x.png", levels)
    with Image.open(tmp_path / "x.png") as image:
        np.testing.assert_array_equal(np.asarray(image), levels)


def test_drawings_are_packed_unless_it_must_be_fast(tmp_path):
    drawing = np.tile(np.arange(16, dtype=np.uint8), (64, 16))
    write_png(tmp_path / "small.png", drawing)
    write_png(tmp_path / "fast.png", drawing, fast=True)
    assert 2 * (tmp_path / "small.png").stat().st_size < (tmp_path / "fast.png").stat().st_size


@pytest.mark.parametrize(
    ("name", "levels", "message"),
    [
        ("x.jpg", np.zeros((2, 2), np.uint8), r"must end in \.png.* Received: .*x\.jpg"),
        ("x.png", np.zeros((2, 2)), r"must be made of uint8 or uint16 .* Received: float64 of shape \(2, 2\)"),
        ("x.png", np.zeros((2, 2, 2), np.uint8), r"Received: uint8 of shape \(2, 2, 2\)"),
        ("x.png", np.zeros((0, 2), np.uint8), r"Received: uint8 of shape \(0, 2\)"),
        ("x.png", np.zeros((1, 1_000_001), np.uint8), r"of \(1, 1000001\) pixels is too large for PNG"),
    ],
)
def test_exceptions_leave_nothing(tmp_path, name, levels, message, capfd):
    with pytest.raises(ValueError, match=message):
        write_png(tmp_path / name, levels)
    assert not list(tmp_path.iterdir())
