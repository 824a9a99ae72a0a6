"""Mattes and colours in PNG files: their levels, and what is refused."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import read_alpha, write_alpha, write_rgb


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_write_alpha(tmp_path, bits, dtype):
    top = 2**bits - 1
    path = tmp_path / "folder" / "alpha.PNG"
    alpha = np.linspace(0, 1, 60, dtype=dtype).reshape(6, 10)
    write_alpha(path, alpha, bits)
    levels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert levels.dtype == (np.uint8 if bits == 8 else np.uint16)
    expected = [[round(float(value) * top) for value in row] for row in alpha]  # Python rounds ties to even, too
    np.testing.assert_array_equal(levels, expected)
    assert [file.name for file in path.parent.iterdir()] == ["alpha.PNG"]


@pytest.mark.parametrize("bits", [8, 16])
def test_alpha_comes_back(tmp_path, bits):
    levels = np.arange(2**bits).reshape(8, -1)
    alpha = (levels / (2**bits - 1)).astype(np.float32)
    write_alpha(tmp_path / "alpha.png", alpha, bits)
    np.testing.assert_array_equal(read_alpha(tmp_path / "alpha.png"), alpha)


@pytest.mark.parametrize(
    ("alpha", "message"),
    [
        (np.full((2, 2), 128, np.uint8), r"floats of shape \(H, W\). Received: uint8"),
        (np.zeros((2, 2, 1)), r"floats of shape \(H, W\). Received: float64 of shape \(2, 2, 1\)"),
        (np.zeros((0, 4)), r"Received: float64 of shape \(0, 4\)"),
        (np.array([[0, 1.01]]), r"must lie in \[0, 1\]. Received: values from 0.0 to 1.01"),
        (np.array([[-0.5, 1]]), r"Received: values from -0.5 to 1.0"),
        (np.array([[0, np.nan]]), "Received: values from nan to nan"),
    ],
)
def test_write_alpha_refuses(tmp_path, alpha, message):
    with pytest.raises(ValueError, match=message):
        write_alpha(tmp_path / "alpha.png", alpha)
    with pytest.raises(ValueError, match=r"must be 8 or 16. Received: bits=1"):
        write_alpha(tmp_path / "alpha.png", alpha, bits=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bits", [8, 16])
def test_write_rgb(tmp_path, rng, bits):
    top = 2**bits - 1
    colours, alpha = rng.random((5, 7, 3), "float32"), rng.random((5, 7), "float32")
    write_rgb(tmp_path / "rgb.png", colours, bits)
    write_rgb(tmp_path / "rgba.png", colours, bits, alpha)
    levels = cv2.imread(str(tmp_path / "rgb.png"), cv2.IMREAD_UNCHANGED)
    assert levels.dtype == (np.uint8 if bits == 8 else np.uint16)
    np.testing.assert_array_equal(levels[..., ::-1], np.rint(colours.astype("float64") * top))
    levels = cv2.imread(str(tmp_path / "rgba.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(levels[..., 2::-1], np.rint(colours.astype("float64") * top))
    np.testing.assert_array_equal(levels[..., 3], np.rint(alpha.astype("float64") * top))


@pytest.mark.parametrize(
    ("colours", "alpha", "message"),
    [
        (np.zeros((4, 4, 3)), np.zeros((4, 5)), r"one size. Received: \(4, 4\) and \(4, 5\)"),
        (np.zeros((4, 4)), None, r"`colours` must be floats of shape \(H, W, 3\). Received: float64 of shape \(4, 4\)"),
        (np.zeros((4, 4, 3, 1)), None, r"Received: float64 of shape \(4, 4, 3, 1\)"),
        (np.full((4, 4, 3), 1.5), None, r"`colours` must lie in \[0, 1\]"),
        (np.zeros((4, 4, 3)), np.full((4, 4), 2.0), r"`alpha` must lie in \[0, 1\]"),
    ],
)
def test_write_rgb_refuses(tmp_path, colours, alpha, message):
    with pytest.raises(ValueError, match=message):
        write_rgb(tmp_path / "picture.png", colours, 8, alpha)
    assert not list(tmp_path.iterdir())
