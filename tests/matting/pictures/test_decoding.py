"""Levels of pictures of all kinds, held against Pillow's and OpenCV's own reading, or against what was put in."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from a2u_tf.matting.pictures import PictureError
from a2u_tf.matting.pictures.decoding import decode
from a2u_tf.matting.pictures.formats import PictureHeader, read_header
from tests.matting.pictures.files import chunk, exif, png


@pytest.fixture
def rgb(rng):
    """Large blocks, which survive compression."""
    return rng.integers(0, 256, (6, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)


def encoded(pixels, kind, mode=None, **settings):
    data = io.BytesIO()
    image = Image.fromarray(pixels)
    image.convert(mode or image.mode).save(data, kind, **settings)
    return data.getvalue()


def in_8_bits(levels):
    return levels // 257 if levels.dtype == np.uint16 else levels


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PNG of 16 bits", "TIFF", "TIFF of 16 bits", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_format_is_turned(saved, rgb, kind, orientation):
    if kind == "PNG of 16 bits":
        data = png(rgb.astype(np.uint16) * 257, 2, chunk(b"eXIf", exif(orientation)), bits=16)
    elif kind == "TIFF of 16 bits":
        data = bytearray(cv2.imencode(".tiff", rgb[..., ::-1].astype(np.uint16) * 257)[1].tobytes())
        place = data.find(struct.pack("<HHI", 0x11C, 3, 1))  # planar configuration, which has one value anyway
        data[place : place + 12] = struct.pack("<HHII", 0x112, 3, 1, orientation)
    elif kind == "TIFF":
        data = encoded(rgb, kind, tiffinfo={0x112: orientation})
    else:
        tags = Image.Exif()
        tags[0x112] = orientation
        data = encoded(rgb, kind, exif=tags, **{"lossless": True} if kind == "WEBP" else {})
    path = saved(bytes(data))
    upright = {1: rgb, 2: rgb[:, ::-1], 3: rgb[::-1, ::-1], 4: rgb[::-1], 5: rgb.swapaxes(0, 1)}
    upright |= {6: upright[5][:, ::-1], 7: upright[5][::-1, ::-1], 8: upright[5][::-1]}
    levels, _ = decode(path)
    assert read_header(path).size == levels.shape[:2]
    error = np.abs(in_8_bits(levels).astype(int) - upright[orientation])
    assert error.mean() < (0 if kind[:3] in ("PNG", "TIF", "WEB") else 12) + 0.5


def test_16_bits(saved, rng):
    rgb, alpha = rng.integers(0, 2**16, (5, 7, 3), np.uint16), rng.integers(0, 2**16, (5, 7, 1), np.uint16)
    rgba = np.concatenate([rgb, alpha], axis=-1)
    grey = rgb[..., 0]
    transparent = np.dstack([grey, grey, grey, np.where(grey == grey[2, 3], 0, 65535)])
    for data, expected in (
        (png(rgb, 2, bits=16), rgb),
        (png(rgba, 6, bits=16), rgba),
        (png(grey, 0, bits=16), grey),
        (png(rgba[..., [0, 3]], 4, bits=16), rgba[..., [0, 0, 0, 3]]),
        (png(grey, 0, chunk(b"tRNS", int(grey[2, 3]).to_bytes(2, "big")), bits=16), transparent),
        (cv2.imencode(".tiff", rgb[..., ::-1])[1].tobytes(), rgb),
        (cv2.imencode(".tiff", grey)[1].tobytes(), grey),
    ):
        levels, profile = decode(saved(data))
        assert (levels.dtype, profile) == (np.uint16, None)
        np.testing.assert_array_equal(levels, expected)


def test_one_transparent_level(saved, rng):
    grey = rng.integers(0, 256, (5, 7), np.uint8)
    levels, _ = decode(saved(png(grey, 0, chunk(b"tRNS", bytes([0, grey[1, 1]])))))
    np.testing.assert_array_equal(levels, np.dstack([grey, grey, grey, np.where(grey == grey[1, 1], 0, 255)]))


def test_cmyk_and_heic(saved, rgb):
    levels, profile = decode(saved(encoded(rgb, "JPEG", "CMYK", quality=100)))
    assert profile is None
    assert np.abs(levels.astype(int) - rgb).mean() < 3
    pytest.importorskip("pillow_heif", reason="pip install 'a2u_tf[heif]'").register_heif_opener()
    path = saved(encoded(rgb, "HEIF", quality=95))
    assert read_header(path) == PictureHeader("HEIF", rgb.shape[:2])
    assert np.abs(decode(path)[0].astype(int) - rgb).mean() < 12


def deep_tiff(planes, samples, **tags):
    """An uncompressed TIFF of 16 bits: planes `(P, H, W * samples / P)`, and further tags as `_262=1`."""
    count, (height, width) = len(planes), (planes.shape[1], planes.shape[2] * len(planes) // samples)
    data = planes.astype("<u2").tobytes()
    start, size = 8 + len(data), len(data) // count
    place = start + 2 * samples
    after = struct.pack(f"<{samples}H", *[16] * samples)
    after += struct.pack(f"<{2 * count}I", *range(8, start, size), *[size] * count)
    entries = {256: (4, 1, width), 257: (4, 1, height), 258: (3, samples, start if samples > 2 else 16), 259: (3, 1, 1)}
    entries |= {262: (3, 1, 2), 277: (3, 1, samples), 278: (4, 1, height)}
    entries |= {273: (4, count, place if count > 1 else 8), 279: (4, count, place + 4 * count if count > 1 else size)}
    entries |= {int(name[1:]): (3, 1, value) for name, value in tags.items()}
    body = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in sorted(entries.items()))
    header = struct.pack("<2sHI", b"II", 42, start + len(after))
    return header + data + after + struct.pack("<H", len(entries)) + body + bytes(4)


def test_kinds_of_deep_tiff(saved, rng):
    rgb, extra = rng.integers(0, 2**16, (5, 7, 3), np.uint16), rng.integers(2**15, 2**16, (5, 7, 1), np.uint16)
    rgba = np.concatenate([rgb, extra], axis=-1)
    premultiplied = np.rint(np.concatenate([rgb * (extra / 65535), extra], axis=-1))

    def read(pixels, **tags):
        return decode(saved(deep_tiff(pixels.reshape(1, 5, -1), pixels.shape[-1], **tags)))[0]

    np.testing.assert_array_equal(read(rgb), rgb)
    np.testing.assert_array_equal(read(rgba, _338=2), rgba)
    np.testing.assert_array_equal(read(rgba, _338=0), rgb)  # a channel that means something else, such as a selection
    np.testing.assert_allclose(read(premultiplied, _338=1).astype(int), rgba, atol=1)
    np.testing.assert_array_equal(read(65535 - extra, _262=0), extra[..., 0])  # 0 is white
    with pytest.raises(PictureError, match=r"16 bits a channel in a kind of TIFF that is not read. Export it as PNG"):
        decode(saved(deep_tiff(rgb.transpose(2, 0, 1), 3, _284=2)))


def test_exif_behind_the_pixels_of_a_png(saved, rgb):
    upright = rgb.swapaxes(0, 1)[:, ::-1]
    for data in (png(rgb, 2), png(rgb.astype(np.uint16) * 257, 2, bits=16)):
        path = saved(data[:-12] + chunk(b"eXIf", exif(6)) + data[-12:])
        np.testing.assert_array_equal(in_8_bits(decode(path)[0]), upright)
        assert read_header(path).size == upright.shape[:2]


def test_avif_in_a_general_container(saved, rgb):
    data = encoded(rgb, "AVIF")
    assert data[4:12] == b"ftypavif"
    assert read_header(saved(data[:8] + b"mif1" + data[12:])) == PictureHeader("AVIF", rgb.shape[:2])


@pytest.mark.parametrize("pixels", [np.ones((3, 4), np.float32), np.ones((3, 4), np.int32)])
def test_levels_without_a_scale(saved, pixels):
    with pytest.raises(PictureError, match=r"of the kind '[FI]', whose levels mean .* Export it as RGB or grey"):
        decode(saved(encoded(pixels, "TIFF")))
