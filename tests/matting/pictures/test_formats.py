"""What is known of a picture file before it is decoded: its size, and whether it is whole."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from a2u_tf.matting.pictures import PictureError, formats, read_rgb
from a2u_tf.matting.pictures.decoding import decode
from a2u_tf.matting.pictures.formats import FORMATS, PictureHeader, read_header
from tests.matting.pictures.files import chunk, exif, jpeg, jpeg_segment, palette_png, png, with_segments


@pytest.fixture
def rgb(rng):
    return rng.integers(0, 256, (30, 41, 3), dtype=np.uint8)


@pytest.mark.parametrize("tail", [b"", b"\0" * 7, b"bytes of a camera after the picture"])
def test_size(saved, rgb, tail):
    for data in (jpeg(rgb), jpeg(rgb, progressive=True), jpeg(rgb[..., 0])):
        assert read_header(saved(data + tail)) == PictureHeader("JPEG", (30, 41))
    assert read_header(saved(png(rgb, 2) + tail)) == PictureHeader("PNG", (30, 41))
    padded = with_segments(jpeg(rgb), b"\xff\xff\xff")  # before a marker
    assert read_header(saved(padded + tail)).size == (30, 41)


@pytest.mark.parametrize("kind", FORMATS)
def test_formats(saved, rgb, kind):
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, kind)
    assert read_header(saved(data.getvalue())) == PictureHeader(kind, (30, 41))


def test_pictures_behind_the_first(saved, rgb):
    for kind in ("GIF", "TIFF", "WEBP", "AVIF", "PNG", "MPO"):
        data = io.BytesIO()
        first, second = Image.fromarray(rgb), Image.fromarray(255 - rgb)
        first.save(data, kind, save_all=True, append_images=[second], lossless=True)
        path = saved(data.getvalue())
        assert read_header(path).size == (30, 41)
        levels = decode(path)[0].astype(int)
        assert np.abs(levels - rgb).mean() < np.abs(levels - (255 - rgb)).mean() / 2, kind


def test_alpha_channel(saved, rgb):
    grey, indices = rgb[..., 0], rgb[..., 0] % 2
    with_alpha = png(rgb[:, :20].reshape(30, 15, 4), 6), png(rgb[..., :2], 4), png(rgb, 2, chunk(b"tRNS", bytes(6)))
    one_level, palette = png(grey, 0, chunk(b"tRNS", b"\0\7")), palette_png(indices, rgb[0, :2], 9)
    assert all(read_header(saved(data)).has_alpha for data in (*with_alpha, palette, one_level))
    without = png(rgb, 2), png(grey, 0), palette_png(indices, rgb[0, :2]), jpeg(rgb)
    assert not any(read_header(saved(data)).has_alpha for data in without)


def test_header_does_not_decode(saved, rgb, monkeypatch):
    files = png(rgb, 2), jpeg(rgb), png(rgb, 2, chunk(b"eXIf", exif(6)))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("decoded"))
    assert [read_header(saved(data)).size for data in files] == [(30, 41), (30, 41), (41, 30)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(10))
def test_exif_rotation_of_a_jpeg(saved, rgb, orientation, order):
    data = with_segments(jpeg(rgb), jpeg_segment(0xE1, b"Exif\0\0" + exif(orientation, order)))
    assert read_header(saved(data)).size == ((41, 30) if 5 <= orientation <= 8 else (30, 41))


@pytest.mark.parametrize("content", [b"Exif\0\0", b"Exif\0\0MM", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"http://ns.adobe"])
def test_broken_or_other_application_data_is_no_rotation(saved, rgb, content):
    path = saved(with_segments(jpeg(rgb), jpeg_segment(0xE1, content)))
    assert read_header(path).size == decode(path)[0].shape[:2] == (30, 41)


def test_every_cut_of_a_png(saved, rgb):
    data = png(rgb[:3, :3], 2)
    for length in range(1, len(data) - 4):  # then the pixels are whole, and the sum of nothing is missing
        path = saved(data[:length])
        for read in (read_header, decode):
            with pytest.raises(PictureError, match=r"picture\.png is damaged or"):
                read(path)


@pytest.mark.parametrize("progressive", [False, True])
def test_every_cut_of_a_jpeg(saved, rgb, progressive):
    # A thumbnail with an end mark of its own inside a segment is not the end of the picture.
    data = with_segments(jpeg(rgb, progressive), jpeg_segment(0xE1, b"Exif\0\0" + jpeg(rgb[:4, :4])))
    for length in [*range(4, 700, 3), *range(700, len(data), 17), *range(len(data) - 5, len(data))]:
        path = saved(data[:length])
        for read in (read_header, decode) if data[length - 2 : length] != b"\xff\xd9" else (decode,):
            with pytest.raises(PictureError, match=r"picture\.png is damaged or"):
                read(path)


def test_heic_without_its_package(saved, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    formats._heif_problem.cache_clear()
    with pytest.raises(PictureError, match=r"is HEIC, which pillow-heif reads .*: pip install 'a2u_tf\[heif\]'"):
        read_header(saved(b"\0\0\0\x1cftypheic" + bytes(40)))
    formats._heif_problem.cache_clear()


def test_limits_of_pillow_are_left_as_they_are(saved, rgb):
    before = Image.MAX_IMAGE_PIXELS
    read_header(saved(png(rgb, 2)))
    assert before == Image.MAX_IMAGE_PIXELS


def test_missing_file(tmp_path):
    for read in (read_header, decode):
        with pytest.raises(FileNotFoundError, match=r"nothing\.png"):
            read(tmp_path / "nothing.png")
        with pytest.raises(IsADirectoryError):
            read(tmp_path)


def test_limit_is_set_by_the_environment(saved, rgb, monkeypatch):
    path = saved(png(rgb, 2))
    monkeypatch.setenv("A2U_MAX_PIXELS", str(rgb[..., 0].size))
    assert read_rgb(path).shape == rgb.shape
    monkeypatch.setenv("A2U_MAX_PIXELS", str(rgb[..., 0].size - 1))
    for read in (read_header, read_rgb):
        with pytest.raises(PictureError, match=r"1230 pixels, expected at most 1229\. .* set A2U_MAX_PIXELS to more"):
            read(path)
    monkeypatch.setenv("A2U_MAX_PIXELS", "")
    assert read_rgb(path).shape == rgb.shape
    for text in ("0", "-1", "1e6", "many", "9" * 19, "٣"):
        monkeypatch.setenv("A2U_MAX_PIXELS", text)
        with pytest.raises(ValueError, match=r"A2U_MAX_PIXELS must be a whole number above 0.* Received: '"):
            read_header(path)
    monkeypatch.setenv("A2U_MAX_PIXELS", "9" * 18)
    assert read_rgb(path).shape == rgb.shape


def test_files_longer_than_any_picture_of_the_limit(tmp_path, monkeypatch):
    path = tmp_path / "file"
    monkeypatch.setenv("A2U_MAX_PIXELS", "3")  # of eight bytes at most
    path.write_bytes(b"x" * 24)
    formats.open_file(path).close()
    path.write_bytes(b"x" * 25)
    with pytest.raises(PictureError, match="25 bytes, too many for 3 pixels"):
        formats.open_file(path)
