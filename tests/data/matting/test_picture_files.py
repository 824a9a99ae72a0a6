"""What is known of a picture file before it is decoded: its size, and whether it is whole."""

import contextlib

import numpy as np
import pytest

from a2u_tf.data.matting.picture_files import PictureError, PictureHeader, read_header, read_whole
from tests.data.matting.files import chunk, exif, jpeg, jpeg_segment, palette_png, png, with_segments


@pytest.fixture
def rgb(rng):
    return rng.integers(0, 256, (30, 41, 3), dtype=np.uint8)


@pytest.fixture
def saved(tmp_path):
    def save(data, name="picture"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return save


@pytest.mark.parametrize("read", [read_header, lambda path: read_whole(path)[0]])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "progressive JPEG", "grey JPEG"])
@pytest.mark.parametrize("tail", [b"", b"\0" * 7, b"bytes of a camera after the picture"])
def test_size(saved, rgb, read, kind, tail):
    data = {
        "PNG": png(rgb, 2),
        "JPEG": jpeg(rgb),
        "progressive JPEG": jpeg(rgb, progressive=True),
        "grey JPEG": jpeg(rgb[..., 0]),
    }[kind]
    assert read(saved(data + tail)) == PictureHeader(kind.split()[-1], (30, 41))


@pytest.mark.parametrize("read", [read_header, lambda path: read_whole(path)[0]])
def test_alpha_channel(saved, rgb, read):
    transparent = chunk(b"tRNS", bytes(6))
    with_alpha = png(rgb[:, :20].reshape(30, 15, 4), 6), png(rgb[..., :2], 4), png(rgb, 2, transparent)
    assert all(read(saved(data)).has_alpha for data in (*with_alpha, palette_png(rgb[..., 0] % 2, rgb[0, :2], 9)))
    without = png(rgb, 2), png(rgb[..., 0], 0), palette_png(rgb[..., 0] % 2, rgb[0, :2]), jpeg(rgb)
    assert not any(read(saved(data)).has_alpha for data in without)


def test_whole_returns_the_bytes(saved, rgb):
    data = png(rgb, 2)
    assert read_whole(saved(data))[1] == data


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(10))
def test_exif_rotation_of_a_jpeg(saved, rgb, orientation, order):
    data = with_segments(jpeg(rgb), jpeg_segment(0xE1, b"Exif\0\0" + exif(orientation, order)))
    assert read_header(saved(data)).size == ((41, 30) if 5 <= orientation <= 8 else (30, 41))


@pytest.mark.parametrize("content", [b"Exif\0\0", b"Exif\0\0MM", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"http://ns.adobe"])
def test_broken_or_other_application_data_is_no_rotation(saved, rgb, content):
    assert read_header(saved(with_segments(jpeg(rgb), jpeg_segment(0xE1, content)))).size == (30, 41)


def test_padding_before_a_marker(saved, rgb):
    assert read_header(saved(with_segments(jpeg(rgb), b"\xff\xff\xff"))).size == (30, 41)


def test_every_cut_of_a_png(saved, rgb):
    data = png(rgb[:3, :3], 2)
    for length in range(8, len(data)):
        path = saved(data[:length])
        for read in (read_header, read_whole):
            with pytest.raises(PictureError, match=f"picture is cut short: its {length} bytes end"):
                read(path)


@pytest.mark.parametrize("progressive", [False, True])
def test_every_cut_of_a_jpeg(saved, rgb, progressive):
    # A thumbnail with an end mark of its own inside a segment is not the end of the picture.
    data = with_segments(jpeg(rgb, progressive), jpeg_segment(0xE1, b"Exif\0\0" + jpeg(rgb[:4, :4])))
    for length in [*range(4, 700, 3), *range(700, len(data), 17), len(data) - 1]:
        path = saved(data[:length])
        with pytest.raises(PictureError, match=f"picture is cut short: its {length} bytes end"):
            read_whole(path)
        if data[length - 2 : length] != b"\xff\xd9":
            with pytest.raises(PictureError, match="is cut short"):
                read_header(path)


@pytest.mark.parametrize("read", [read_header, read_whole])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"GIF89a and so on", "neither PNG nor JPEG: it begins with b'GIF89a a'. Convert it to PNG"),
        (b"<html>404</html>", "neither PNG nor JPEG"),
        (b"\x89PN", "neither PNG nor JPEG"),
        (b"\xff\xd8\xff\xe0\0\x04abXYZ\xff\xd9", "damaged: no segment of a JPEG at byte 8"),
    ],
)
def test_other_files(saved, read, data, message):
    with pytest.raises(PictureError, match=f"picture (is )?{message}"):
        read(saved(data))


@pytest.mark.parametrize("read", [read_header, read_whole])
@pytest.mark.parametrize(
    ("frame", "message"), [(b"\x08\0\x02\0\x03\x04", "in CMYK"), (b"\x0c\0\x02\0\x03\x03", "in 3 channels of 12 bits")]
)
def test_kinds_of_jpeg_that_lose_their_colours(saved, read, frame, message):
    data = b"\xff\xd8" + jpeg_segment(0xC0, frame + bytes(12)) + b"\xff\xd9"
    with pytest.raises(PictureError, match=f"{message}, expected grey or RGB of 8 bits. Convert it to sRGB"):
        read(saved(data))


def test_kinds_of_png_that_opencv_reads_wrongly(saved, rgb):
    with pytest.raises(PictureError, match=r"grey with one level declared transparent. Save it with an alpha channel"):
        read_whole(saved(png(rgb[..., 0], 0, chunk(b"tRNS", b"\0\7"))))
    with pytest.raises(PictureError, match=r"EXIF orientation 6. Save it upright"):
        read_whole(saved(png(rgb, 2, chunk(b"eXIf", exif(6)))))
    read_whole(saved(png(rgb, 2, chunk(b"eXIf", exif(1)))))


def test_noise_is_no_other_error(saved, rng, rgb):
    for start in (jpeg(rgb)[:30], png(rgb, 2)[:20], jpeg(rgb), png(rgb, 2)):
        for _ in range(100):
            data = bytearray(start + rng.bytes(60))
            for position in rng.integers(3, len(data), 4):
                data[position] = rng.choice([0, 8, 0x7F, 0xFF, 0xC0, 0xD9, 0xE1])
            for read in (read_header, read_whole):
                with contextlib.suppress(PictureError):
                    read(saved(data))


def test_missing_file(tmp_path):
    for read in (read_header, read_whole):
        with pytest.raises(FileNotFoundError, match=r"nothing\.png"):
            read(tmp_path / "nothing.png")
