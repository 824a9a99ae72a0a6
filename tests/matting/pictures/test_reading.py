"""Pictures as RGB, alpha and trimap: right colours, right levels, or an error that names the file."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import PictureError, read_alpha, read_rgb, read_rgba, read_trimap, write_alpha, write_rgb
from tests.matting.pictures.files import chunk, exif, jpeg, jpeg_segment, palette_png, png, with_segments

READERS = [read_rgb, read_alpha, read_rgba, read_trimap]


@pytest.fixture
def rgba(rng):
    return rng.integers(0, 256, (9, 14, 4), dtype=np.uint8)


@pytest.fixture
def saved(tmp_path):
    def save(data, name="picture.png"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return save


def check(actual, expected, dtype):
    assert actual.dtype == dtype
    assert actual.flags.c_contiguous
    assert actual.flags.writeable
    np.testing.assert_array_equal(actual, expected)


def test_rgb(saved, rgba):
    check(read_rgb(saved(png(rgba[..., :3], 2))), rgba[..., :3], np.uint8)
    check(read_rgb(str(saved(png(rgba[..., :3], 2), "Bläser 100%.png"))), rgba[..., :3], np.uint8)


def test_rgb_of_a_jpeg(saved):
    colours = np.zeros((16, 48, 3), np.uint8) + np.repeat(
        np.uint8([[255, 0, 0], [0, 255, 0], [20, 40, 250]]), 16, axis=0
    )
    np.testing.assert_allclose(
        read_rgb(saved(jpeg(colours)))[:, [8, 24, 40]].astype(int), colours[:, [8, 24, 40]], atol=3
    )
    grey = np.tile(np.arange(0, 256, 5, dtype=np.uint8), (20, 1))
    result = read_rgb(saved(jpeg(grey)))
    np.testing.assert_allclose(result.astype(int), np.stack([grey] * 3, axis=-1), atol=3)


def test_rgb_of_grey_and_palette(saved, rgba):
    check(read_rgb(saved(png(rgba[..., 0], 0))), np.stack([rgba[..., 0]] * 3, axis=-1), np.uint8)
    colours = rgba[0, :4, :3]
    check(read_rgb(saved(palette_png(rgba[..., 0] % 4, colours))), colours[rgba[..., 0] % 4], np.uint8)


def test_rgb_of_16_bits_is_rounded(saved):
    levels = np.uint16([[0, 128, 129, 257, 385, 386, 32767, 65406, 65407, 65535]])
    result = read_rgb(saved(png(np.stack([levels] * 3, axis=-1), 2, bits=16)))
    check(result, np.stack([np.rint(levels / 257)] * 3, axis=-1), np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(saved, orientation):
    upright = np.zeros((16, 32), np.uint8) + np.repeat(np.uint8([10, 90, 170, 250]), 8)
    upright[8:] -= 10
    # How to store `upright` so that the orientation brings it back, in the words of the EXIF standard: where the first
    # row and the first column of the stored picture are seen.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: upright.T[::-1],
        7: upright[::-1, ::-1].T,
        8: upright.T[:, ::-1],
    }[orientation]
    data = with_segments(jpeg(np.ascontiguousarray(stored)), jpeg_segment(0xE1, b"Exif\0\0" + exif(orientation)))
    result = read_rgb(saved(data))
    assert result.shape == (16, 32, 3)
    np.testing.assert_allclose(result[4::8, 4::8, 0].astype(int), upright[4::8, 4::8], atol=3)


def test_rgb_with_alpha_channel(saved, rgba):
    path = saved(png(rgba, 6))
    alpha = rgba[..., 3:] / 255
    over_white = rgba[..., :3] * alpha + 255 * (1 - alpha)
    np.testing.assert_allclose(read_rgb(path), over_white, atol=0.51, rtol=0)
    check(read_rgb(path, ignore_alpha=True), rgba[..., :3], np.uint8)
    rgba[..., 3] = 255
    check(read_rgb(saved(png(rgba, 6))), rgba[..., :3], np.uint8)


def test_rgb_without_anything_opaque(saved, rgba):
    rgba[..., 3] = 0
    path = saved(png(rgba, 6))
    with pytest.raises(PictureError, match=r"picture\.png is transparent everywhere. .* \(--ignore-alpha\)"):
        read_rgb(path)
    check(read_rgb(path, ignore_alpha=True), rgba[..., :3], np.uint8)


def test_alpha_of_8_bits(saved):
    levels = np.arange(256, dtype=np.uint8).reshape(8, 32)
    expected = (levels / 255).astype(np.float32)
    check(read_alpha(saved(png(levels, 0))), expected, np.float32)
    check(read_alpha(saved(png(np.stack([levels] * 3, axis=-1), 2))), expected, np.float32)
    opaque = np.stack([levels, levels, levels, np.full_like(levels, 255)], axis=-1)
    check(read_alpha(saved(png(opaque, 6))), expected, np.float32)
    check(read_alpha(saved(palette_png(levels[:, ::-1], [[n] * 3 for n in range(256)]))), expected[:, ::-1], np.float32)


def test_alpha_of_16_bits(saved):
    levels = np.uint16([[0, 1, 255, 256, 32768, 65534, 65535]])
    result = read_alpha(saved(png(levels, 0, bits=16)))
    check(result, (levels / 65535).astype(np.float32), np.float32)
    assert result[0, -1] == 1


def test_alpha_of_a_jpeg(saved):
    levels = np.repeat(np.uint8([[0, 128, 255]]), 8, axis=1).repeat(8, axis=0)
    np.testing.assert_allclose(read_alpha(saved(jpeg(levels))), levels / 255, atol=0.01)
    np.testing.assert_allclose(read_alpha(saved(jpeg(np.stack([levels] * 3, axis=-1)))), levels / 255, atol=0.01)


@pytest.mark.parametrize("bits", [8, 16])
def test_rgba(saved, rgba, bits):
    pixels = rgba.astype(np.uint16) * 257 if bits == 16 else rgba
    rgb, alpha = read_rgba(saved(png(pixels, 6, bits=bits)))
    check(rgb, rgba[..., :3], np.uint8)
    check(alpha, (rgba[..., 3] / 255).astype(np.float32), np.float32)


def test_rgba_of_grey_with_alpha(saved, rgba):
    rgb, alpha = read_rgba(saved(png(rgba[..., :2], 4)))
    check(rgb, rgba[..., [0, 0, 0]], np.uint8)
    check(alpha, (rgba[..., 1] / 255).astype(np.float32), np.float32)


def test_rgba_of_a_palette(saved, rgba):
    """Indices past the end of the transparencies are opaque."""
    indices, colours = rgba[..., 0] % 5, rgba[0, :5, :3]
    rgb, alpha = read_rgba(saved(palette_png(indices, colours, 0, 7, 200)))
    check(rgb, colours[indices], np.uint8)
    check(alpha, (np.uint8([0, 7, 200, 255, 255])[indices] / 255).astype(np.float32), np.float32)


def test_rgba_of_one_transparent_colour(saved, rgba):
    key = np.pad(rgba[4, 4, :3, None], ((0, 0), (1, 0))).tobytes()
    rgb, alpha = read_rgba(saved(png(rgba[..., :3], 2, chunk(b"tRNS", key))))
    check(rgb, rgba[..., :3], np.uint8)
    check(alpha, (rgba[..., :3] != rgba[4, 4, :3]).any(axis=-1), np.float32)


def test_rgba_without_alpha_channel(saved, rgba):
    for data in (png(rgba[..., :3], 2), png(rgba[..., 0], 0), jpeg(rgba[..., :3])):
        with pytest.raises(PictureError, match=r"picture\.png has no alpha channel.* Give its alpha as a second file"):
            read_rgba(saved(data))


def test_trimap(saved, rgba):
    indices = rgba[..., 0] % 4
    levels = np.uint8([0, 128, 255, 128])[indices]
    check(read_trimap(saved(png(levels, 0))).levels, levels, np.uint8)
    check(read_trimap(saved(png(np.stack([levels] * 3, axis=-1), 2))).levels, levels, np.uint8)
    check(read_trimap(saved(palette_png(indices, [[n] * 3 for n in (24, 128, 231, 127)]))).levels, levels, np.uint8)
    check(read_trimap(saved(png(levels.astype(np.uint16) * 257, 0, bits=16))).levels, levels, np.uint8)


def test_alpha_of_a_lossy_webp(saved):
    levels = np.arange(256, dtype=np.uint8)[None].repeat(16, axis=0)
    data = cv2.imencode(".webp", levels, [cv2.IMWRITE_WEBP_QUALITY, 75])[1]
    assert np.ptp(cv2.imdecode(data, cv2.IMREAD_COLOR), axis=-1).max() == 1  # not quite grey
    np.testing.assert_allclose(read_alpha(saved(data.tobytes())), levels / 255, atol=0.03)


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("read", [read_alpha, read_trimap])
def test_unequal_channels(saved, read, channel):
    pixels = np.full((5, 6, 3), 128, np.uint8)
    pixels[-1, -1, channel] += 2
    with pytest.raises(PictureError, match=r"picture\.png has colours, expected .* Is it the right file"):
        read(saved(png(pixels, 2)))


@pytest.mark.parametrize("read", [read_alpha, read_trimap])
def test_grey_with_transparent_pixels(saved, read, rgba):
    with pytest.raises(PictureError, match=r"has transparent pixels, expected .* If its alpha channel is meant"):
        read(saved(png(rgba[..., :2], 4)))


@pytest.mark.parametrize("read", READERS)
def test_damaged_data(saved, read, rgba, capfd):
    data = bytearray(png(rgba, 6))
    data[len(data) // 2] ^= 0x55
    with pytest.raises(PictureError, match=r"picture\.png is damaged or cut short: .*checksum.* Copy or export"):
        read(saved(bytes(data)))


@pytest.mark.parametrize("read", READERS)
def test_no_picture(saved, read, tmp_path):
    with pytest.raises(PictureError, match=r"picture\.png is damaged or no picture of the formats PNG, JPEG"):
        read(saved(b"<html>not found</html>"))
    with pytest.raises(FileNotFoundError, match=r"nowhere\.png"):
        read(tmp_path / "nowhere.png")
    with pytest.raises(IsADirectoryError):
        read(tmp_path)


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
    assert not list(tmp_path.iterdir())


def test_write_alpha_of_more_than_png_holds(tmp_path, capfd):
    with pytest.raises(ValueError, match=r"x\.png of \(1, 1000001\) pixels is too large for PNG"):
        write_alpha(tmp_path / "x.png", np.zeros((1, 1_000_001), np.float32))
    assert not list(tmp_path.iterdir())


def test_write_alpha_refuses_bits_and_endings(tmp_path):
    with pytest.raises(ValueError, match=r"must be 8 or 16. Received: bits=1"):
        write_alpha(tmp_path / "alpha.png", np.zeros((2, 2)), bits=1)
    with pytest.raises(ValueError, match=r"must end in .png.* Received: .*alpha\.jpg"):
        write_alpha(tmp_path / "alpha.jpg", np.zeros((2, 2)))


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
