"""Pictures as RGB, alpha and trimap: right colours, right levels, or an error that names the file."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import PictureError, read_alpha, read_rgb, read_rgba, read_trimap
from tests.matting.pictures.files import chunk, jpeg, palette_png, png

READERS = [read_rgb, read_alpha, read_rgba, read_trimap]


@pytest.fixture
def rgba(rng):
    return rng.integers(0, 256, (9, 14, 4), dtype=np.uint8)


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
