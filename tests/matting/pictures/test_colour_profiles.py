"""ICC profiles, held against what Pillow's LittleCMS shows, and against the primaries that were put in."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from a2u_tf.matting.pictures import read_alpha, read_picture, write_rgb
from a2u_tf.matting.pictures.decoding import converted, decode

# Columns of a matrix to XYZ, of D50: those of Display P3.
WIDE = {"r": (0.51512, 0.24120, -0.00105), "g": (0.29198, 0.69225, 0.04189), "b": (0.15710, 0.06657, 0.78407)}


def profile(kind, columns, gamma=2.2):
    """A minimal ICC profile of version 2, RGB or GRAY."""

    def fixed(*values):
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    white = fixed(0.9642, 1, 0.8249)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(78),
        b"wtpt": b"XYZ " + bytes(4) + white,
    }
    tags[b"cprt"] = b"text" + bytes(4) + b"none\0"
    for name, column in columns.items():
        tags[f"{name}XYZ".encode()] = b"XYZ " + bytes(4) + fixed(*column)
        tags[f"{name}TRC".encode()] = curve
    if not columns:
        tags[b"kTRC"] = curve
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02400000, b"mntr", kind, b"XYZ ")
    return head + bytes(12) + b"acsp" + bytes(28) + white + bytes(48) + table + body


@pytest.fixture
def saved(tmp_path):
    def save(pixels, mode="RGB", **settings):
        path = tmp_path / "picture.tiff"
        Image.fromarray(pixels).convert(mode).save(path, **settings)
        return path

    return save


def shown(path):
    """What a viewer with colour management shows."""
    image = Image.open(path)
    if not (icc := image.info.get("icc_profile")):
        return np.asarray(image.convert("RGB")).astype(int)
    own = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    return np.asarray(ImageCms.profileToProfile(image.convert("RGB"), own, ImageCms.createProfile("sRGB"))).astype(int)


@pytest.mark.parametrize("bits", [8, 16])
def test_profile_goes_through(saved, rng, tmp_path, bits):
    wide = profile(b"RGB ", WIDE)
    path = saved(rng.integers(0, 256, (5, 6, 3), np.uint8), icc_profile=wide)
    picture = read_picture(path)
    assert picture.profile == wide
    for name, alpha in (("rgb.png", None), ("rgba.png", np.ones((5, 6), np.float32))):
        write_rgb(tmp_path / name, picture.colours(), bits, alpha, picture.profile)
        np.testing.assert_allclose(shown(tmp_path / name), shown(path), rtol=0, atol=1)
        assert np.abs(shown(path) - picture.rgb).max() > 10  # the profile does something


def test_converted_and_back():
    wide, pixels = profile(b"RGB ", WIDE), np.uint8([[[230, 40, 30], [10, 200, 90], [128, 128, 128]]])
    there = converted(pixels, None, wide)
    assert np.abs(there.astype(int) - pixels)[0, :2].max() > 10
    np.testing.assert_allclose(there[0, 2].astype(int), 128, atol=3)  # the curves differ a little, grey stays grey
    np.testing.assert_allclose(converted(there, wide, None).astype(int), pixels, rtol=0, atol=3)
    assert converted(pixels, wide, wide) is pixels


def test_profiles_that_are_none(saved, rng):
    """Broken ones, and those of other kinds of colours than the picture's, are as if they were not there."""
    pixels = rng.integers(0, 256, (5, 6, 3), np.uint8)
    without_tags = profile(b"RGB ", WIDE)[:128] + bytes(4)
    for icc in (b"nothing", profile(b"RGB ", WIDE)[:60], profile(b"GRAY", {}), without_tags):
        levels, received = decode(saved(pixels, icc_profile=icc))
        assert received is None
        np.testing.assert_array_equal(levels, pixels)


def test_grey_of_another_scale(saved):
    """A gamma of 1 makes the middle of the light a level of 128, which sRGB writes as 188."""
    linear = saved(np.full((5, 6, 3), 128, np.uint8), "L", icc_profile=profile(b"GRAY", {}, gamma=1))
    picture = read_picture(linear)
    assert picture.profile is None
    np.testing.assert_allclose(picture.rgb.astype(int), 188, atol=2)
    deep = Path(linear).with_suffix(".png")
    Image.fromarray(np.full((5, 6), 128 * 257, np.uint16)).save(deep, icc_profile=profile(b"GRAY", {}, gamma=1))
    np.testing.assert_allclose(read_picture(deep).rgb / 257, 188, atol=2)
    np.testing.assert_array_equal(read_alpha(linear), np.float32(128 / 255))  # no colours: levels are levels
    np.testing.assert_array_equal(read_picture(saved(np.full((5, 6, 3), 128, np.uint8), "L")).rgb, 128)
