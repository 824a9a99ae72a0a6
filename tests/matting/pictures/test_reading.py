"""Pictures read as RGB, alpha and trimap: right colours and levels, or an error that names the file."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import PictureError, read_alpha, read_rgb, read_rgba, read_trimap
from tests.matting.pictures.files import chunk, jpeg, palette_png, png


@pytest.fixture
def rgba(rng):
    return rng.integers(0, 256, (9, 14, 4), dtype=np.uint8)


def triple(levels):
    return np.dstack([levels] * 3)


def check(actual, expected, dtype=np.uint8):
    assert actual.dtype == dtype
    assert actual.flags.c_contiguous
    assert actual.flags.writeable
    np.testing.assert_array_equal(actual, expected)


def test_rgb(saved, rgba):
    rgb, grey = rgba[..., :3], rgba[..., 0]
    check(read_rgb(saved(png(rgb, 2))), rgb)
    check(read_rgb(str(saved(png(rgb, 2), "Bläser 100%.png"))), rgb)
    check(read_rgb(saved(png(grey, 0))), triple(grey))
    check(read_rgb(saved(palette_png(grey % 4, rgb[0, :4]))), rgb[0, :4][grey % 4])


def test_rgb_of_a_jpeg(saved):
    colours = np.uint8([[255, 0, 0], [0, 255, 0], [20, 40, 250]]).repeat(16, axis=0)[None].repeat(16, axis=0)
    received = read_rgb(saved(jpeg(colours))).astype(int)
    np.testing.assert_allclose(received[:, 8::16], colours[:, 8::16], atol=3)
    grey = np.tile(np.arange(0, 256, 5, dtype=np.uint8), (20, 1))
    np.testing.assert_allclose(read_rgb(saved(jpeg(grey))).astype(int), triple(grey), atol=3)


def test_rgb_of_16_bits_is_rounded(saved):
    levels = np.uint16([[0, 128, 129, 257, 385, 386, 32767, 65406, 65407, 65535]])
    check(read_rgb(saved(png(triple(levels), 2, bits=16))), triple(np.rint(levels / 257)))


def test_rgb_with_alpha_channel(saved, rgba):
    path = saved(png(rgba, 6))
    alpha = rgba[..., 3:] / 255
    np.testing.assert_allclose(read_rgb(path), rgba[..., :3] * alpha + 255 * (1 - alpha), atol=0.51, rtol=0)
    check(read_rgb(path, ignore_alpha=True), rgba[..., :3])
    rgba[..., 3] = 255
    check(read_rgb(saved(png(rgba, 6))), rgba[..., :3])
    rgba[..., 3] = 0
    path = saved(png(rgba, 6))
    with pytest.raises(PictureError, match=r"picture\.png is transparent everywhere. .* --ignore-alpha\."):
        read_rgb(path)
    check(read_rgb(path, ignore_alpha=True), rgba[..., :3])


def test_alpha(saved):
    levels = np.arange(256, dtype=np.uint8).reshape(8, 32)
    opaque = np.dstack([triple(levels), np.full_like(levels, 255)])
    palette = palette_png(levels, [[n] * 3 for n in range(256)])
    for data in (png(levels, 0), png(triple(levels), 2), png(opaque, 6), palette):
        check(read_alpha(saved(data)), (levels / 255).astype(np.float32), np.float32)
    deep = np.uint16([[0, 1, 255, 256, 32768, 65534, 65535]])
    check(read_alpha(saved(png(deep, 0, bits=16))), (deep / 65535).astype(np.float32), np.float32)


def test_alpha_of_lossy_formats(saved):
    levels = np.repeat(np.uint8([[0, 128, 255]]), 8, axis=1).repeat(8, axis=0)
    for pixels in (levels, triple(levels)):
        np.testing.assert_allclose(read_alpha(saved(jpeg(pixels))), levels / 255, atol=0.01)
    levels = np.arange(256, dtype=np.uint8)[None].repeat(16, axis=0)
    data = cv2.imencode(".webp", levels, [cv2.IMWRITE_WEBP_QUALITY, 75])[1]
    assert np.ptp(cv2.imdecode(data, cv2.IMREAD_COLOR), axis=-1).max() == 1  # not quite grey
    np.testing.assert_allclose(read_alpha(saved(data.tobytes())), levels / 255, atol=0.03)


@pytest.mark.parametrize("kind", ["8 bits", "16 bits", "grey", "palette", "one transparent colour"])
def test_rgba(saved, rgba, kind):
    colours, alpha = rgba[..., :3], rgba[..., 3]
    data = png(rgba, 6)
    if kind == "16 bits":
        data = png(rgba.astype(np.uint16) * 257, 6, bits=16)
    elif kind == "grey":
        colours, data = triple(colours[..., 0]), png(rgba[..., [0, 3]], 4)
    elif kind == "palette":  # indices past the end of the transparencies are opaque
        indices, palette = rgba[..., 0] % 5, rgba[0, :5, :3]
        colours, alpha = palette[indices], np.uint8([0, 7, 200, 255, 255])[indices]
        data = palette_png(indices, palette, 0, 7, 200)
    elif kind == "one transparent colour":
        alpha = 255 * (colours != colours[4, 4]).any(axis=-1)
        data = png(colours, 2, chunk(b"tRNS", np.pad(colours[4, 4, :, None], ((0, 0), (1, 0))).tobytes()))
    received = read_rgba(saved(data))
    check(received[0], colours)
    check(received[1], (alpha / 255).astype(np.float32), np.float32)


def test_trimap(saved, rgba):
    indices = rgba[..., 0] % 4
    levels = np.uint8([0, 128, 255, 128])[indices]
    palette = palette_png(indices, [[n] * 3 for n in (24, 128, 231, 127)])
    for data in (png(levels, 0), png(triple(levels), 2), palette, png(levels.astype(np.uint16) * 257, 0, bits=16)):
        check(read_trimap(saved(data)).levels, levels)


@pytest.mark.parametrize("read", [read_alpha, read_trimap])
def test_what_is_not_grey(saved, read, rgba):
    for channel in range(3):
        pixels = np.full((5, 6, 3), 128, np.uint8)
        pixels[-1, -1, channel] += 1  # as a lossy file may differ
        assert read(saved(png(pixels, 2))) is not None
        pixels[-1, -1, channel] += 1
        with pytest.raises(PictureError, match=r"picture\.png has colours, expected .* Is it the right file"):
            read(saved(png(pixels, 2)))
    with pytest.raises(PictureError, match=r"has transparent pixels, expected .* If its alpha channel is meant"):
        read(saved(png(rgba[..., :2], 4)))


def test_rgba_without_alpha_channel(saved, rgba):
    for data in (png(rgba[..., :3], 2), png(rgba[..., 0], 0), jpeg(rgba[..., :3])):
        with pytest.raises(PictureError, match=r"picture\.png has no alpha channel.* Give its alpha as a second file"):
            read_rgba(saved(data))
