"""Mattes and colours written: rounded to the nearest level, and nothing is left of what is refused."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import write_alpha, write_rgb


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_write_alpha(tmp_path, bits, dtype):
    top = 2**bits - 1
    path = tmp_path / "folder" / "alpha.PNG"
    alpha = np.linspace(0, 1, 600, dtype=dtype).reshape(300, 2)
    write_alpha(path, alpha, bits)
    levels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert levels.dtype == (np.uint8 if bits == 8 else np.uint16)
    expected = [[round(float(value) * top) for value in row] for row in alpha]  # Python rounds ties to even, too
    np.testing.assert_array_equal(levels, expected)
    assert [file.name for file in path.parent.iterdir()] == ["alpha.PNG"]


@pytest.mark.parametrize("bits", [8, 16])
def test_write_rgb(tmp_path, rng, bits):
    colours, alpha = rng.random((5, 7, 3), "float32"), rng.random((5, 7), "float32")
    write_rgb(tmp_path / "rgb.png", colours, bits)
    write_rgb(tmp_path / "rgba.png", colours, bits, alpha)
    expected = np.rint(np.dstack([colours, alpha]).astype("float64") * (2**bits - 1))
    for name, channels in (("rgb.png", 3), ("rgba.png", 4)):
        levels = cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED)
        assert levels.dtype == (np.uint8 if bits == 8 else np.uint16)
        np.testing.assert_array_equal(levels[..., [2, 1, 0, 3][:channels]], expected[..., :channels])


@pytest.mark.parametrize(
    ("write", "arrays", "message"),
    [
        (
            write_alpha,
            [np.full((2, 2), 128, np.uint8)],
            r"`alpha` must be floats in \[0, 1\]. Received: uint8 from 128",
        ),
        (write_alpha, [np.zeros((2, 2, 1))], r"`alpha` must have shape \(H, W\). Received: \(2, 2, 1\)"),
        (write_alpha, [np.zeros(4)], r"Received: \(4,\)"),
        (write_alpha, [np.zeros((0, 4))], r"Received: \(0, 4\)"),
        (write_alpha, [np.array([[0, 1.01]])], "Received: float64 from 0.0 to 1.01"),
        (write_alpha, [np.array([[-0.5, 1]])], "Received: float64 from -0.5 to 1.0"),
        (write_alpha, [np.array([[0, np.nan]])], "Received: float64 from nan to nan"),
        (write_rgb, [np.zeros((4, 4, 3)), 8, np.zeros((4, 5))], r"Received: \(4, 4, 3\), \(4, 5\)"),
        (write_rgb, [np.zeros((4, 4))], r"`colours` must have shape \(H, W, 3\). Received: \(4, 4\)"),
        (write_rgb, [np.zeros((4, 4, 3, 1))], r"Received: \(4, 4, 3, 1\)"),
        (write_rgb, [np.full((4, 4, 3), 1.5)], r"`colours` must be floats in \[0, 1\]"),
        (write_rgb, [np.zeros((4, 4, 3)), 8, np.full((4, 4), 2.0)], r"`alpha` must be floats in \[0, 1\]"),
        (write_rgb, [np.zeros((4, 4, 3)), 1], "must be 8 or 16. Received: bits=1"),
    ],
)
def test_what_is_not_written(tmp_path, write, arrays, message):
    with pytest.raises(ValueError, match=message):
        write(tmp_path / "picture.png", *arrays)
    assert not list(tmp_path.iterdir())
