"""Pictures that are damaged, made to do harm, or only odd; all made here, byte by byte."""

import struct
import zlib

import cv2
import numpy as np

from tests.matting.pictures.files import chunk, jpeg, jpeg_segment, palette_png, png, with_segments

RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
GREY = RGB[..., 0]
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def raw_png(width, height, data, bits=8, colour_type=0, interlaced=0, chunks=()):
    """A PNG whose header says what it wants; `data` are rows, each after its filter's byte."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, interlaced)
    body = (chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(data)), chunk(b"IEND", b""))
    return SIGNATURE + b"".join(body)


def sized_jpeg(width, height):
    """A JPEG of 4 x 4 pixels whose header says something else."""
    return jpeg(RGB[:4, :4]).replace(b"\x08\0\4\0\4", b"\x08" + struct.pack(">HH", height, width))


def animated_png(width, height):
    """Two frames, the second of its own size, which may reach out of the picture."""
    rows = [zlib.compress((b"\0" + bytes([level]) * w) * h) for level, w, h in ((9, 8, 6), (200, width, height))]
    frames = [struct.pack(">IIIIIHHBB", n, w, h, 0, 0, 1, 9, 0, 0) for n, w, h in ((0, 8, 6), (1, width, height))]
    body = (
        *(chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 6, 8, 0, 0, 0, 0)), chunk(b"acTL", struct.pack(">II", 2, 0))),
        *(chunk(b"fcTL", frames[0]), chunk(b"IDAT", rows[0])),
        *(chunk(b"fcTL", frames[1]), chunk(b"fdAT", struct.pack(">I", 2) + rows[1]), chunk(b"IEND", b"")),
    )
    return SIGNATURE + b"".join(body)


def other_format(ending, *settings):
    return cv2.imencode(ending, RGB, settings)[1].tobytes()


def damaged(data, position):
    data = bytearray(data)
    data[position] ^= 0x55
    return bytes(data)


def sized(ending, position, layout, size):
    """A picture of another format whose header says something else of its width and height."""
    data = bytearray(other_format(ending))
    struct.pack_into(layout, data, position, *size)
    return bytes(data)


def tiff(*entries):
    """A TIFF of 4 x 4 grey pixels, of entries (tag, type, count, value) beside those of its pixels."""
    required = ((258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (279, 4, 1, 16))
    given = {entry[0] for entry in entries}
    entries = sorted((*entries, *(entry for entry in required if entry[0] not in given)))
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<2sHI", b"II", 42, 24) + bytes(range(16)) + struct.pack("<H", len(entries)) + body + bytes(4)


# Bytes, and a part of the message.
BAD = {
    "empty": (b"", "is empty"),
    "text": (b"<html>not found</html>", "no picture of the formats"),
    "gif without content": (b"GIF89a" + bytes(40), "is damaged|has no pixels"),
    "photoshop": (b"8BPS\0\1" + bytes(60), r"no picture of the formats .* begins with b'8BPS.*Export it as PNG"),
    **{
        f"{ending[1:]} of its first half": (other_format(ending)[: len(other_format(ending)) // 2], "cut short|damaged")
        for ending in (".bmp", ".tiff", ".webp", ".avif", ".gif")
    },
    "png with a flipped bit": (damaged(png(RGB, 2), 60), "is damaged or cut short: .*checksum.* Copy or export"),
    "png without pixels": (raw_png(0, 5, b""), "is damaged or no picture"),
    "jpeg without pixels": (sized_jpeg(4, 0), "is damaged or no picture"),
    "png without data": (raw_png(4, 4, b""), "is damaged"),
    "png of 3 bits": (raw_png(3, 1, b"\0\x1b", bits=3), "is damaged"),
    "png of an unknown kind": (raw_png(3, 1, b"\0abc", colour_type=5), "is damaged"),
    "png with two headers": (
        png(GREY, 0, chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 8, 0, 0, 0, 0))),
        "900000000 pixels, expected at most",
    ),
    "png of 100000 x 100000": (raw_png(100_000, 100_000, b""), "10000000000 pixels, expected at most 268435456"),
    "jpeg of 30000 x 30000": (sized_jpeg(30_000, 30_000), "900000000 pixels, expected at most"),
    "gif of 60000 x 60000": (sized(".gif", 6, "<HH", (60_000, 60_000)), "3600000000 pixels, expected at most"),
    "bmp of 60000 x 60000": (sized(".bmp", 18, "<ii", (60_000, 60_000)), "3600000000 pixels, expected at most"),
    "tiff of 60000 x 60000": (tiff((256, 4, 1, 60_000), (257, 4, 1, 60_000)), "3600000000 pixels, expected at most"),
    "tiff whose pixels lie nowhere": (tiff((256, 4, 1, 9), (257, 4, 1, 6), (273, 4, 1, 10**6)), "is damaged"),
    **{
        f"with 100 MB compressed in {kind}": (
            png(RGB, 2, chunk(kind, b"x\0\0" + zlib.compress(bytes(10**8)))),
            "is damaged or cut short: Decompressed data too large",
        )
        for kind in (b"zTXt", b"iCCP")
    },
    "jpeg of 12 bits": (b"\xff\xd8" + jpeg_segment(0xC1, b"\x0c\0\2\0\3\3" + bytes(9)) + b"\xff\xd9", "is damaged"),
    "png without palette": (png(GREY % 2, 3), "is damaged"),
}

ROWS = np.insert(GREY, 0, 0, axis=1).tobytes()
TRIPLE = np.repeat(GREY[..., None], 3, axis=2)

# Bytes, and the colours that they stand for.
ODD = {
    "png": (png(RGB, 2), RGB),
    "jpeg": (jpeg(GREY), TRIPLE),
    "palette with an index beyond it": (palette_png(np.uint8([[0, 9]]), [[1, 2, 3]]), np.uint8([[[1, 2, 3], [0] * 3]])),
    "1 bit": (raw_png(9, 1, b"\0\xaa\x80", bits=1), np.tile(np.uint8([255, 0] * 4 + [255])[None, :, None], 3)),
    "interlaced": (raw_png(1, 1, b"\0\x61", interlaced=1), np.full((1, 1, 3), 0x61, np.uint8)),
    "1 x 1": (png(RGB[:1, :1], 2), RGB[:1, :1]),
    "100000 x 1": (raw_png(100_000, 1, bytes(100_001)), np.zeros((1, 100_000, 3), np.uint8)),
    "1 x 100000": (raw_png(1, 100_000, bytes(200_000)), np.zeros((100_000, 1, 3), np.uint8)),
    "with more data than pixels": (raw_png(1, 1, bytes(10**6)), np.zeros((1, 1, 3), np.uint8)),
    "animated png": (animated_png(8, 6), np.full((6, 8, 3), 9, np.uint8)),
    "animated png that leaves the picture": (animated_png(800, 600), np.full((6, 8, 3), 9, np.uint8)),
    "png that begins with another chunk": (SIGNATURE + chunk(b"tEXt", b"x\0y") + png(RGB, 2)[8:], RGB),
    "png with a profile that is none": (png(RGB, 2, chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(200)))), RGB),
    "jpeg with a restart before its frame": (with_segments(jpeg(GREY), b"\xff\xd0"), TRIPLE),
    "bmp": (other_format(".bmp"), RGB[..., ::-1]),
    "tiff": (other_format(".tiff"), RGB[..., ::-1]),
    "lossless webp": (other_format(".webp", cv2.IMWRITE_WEBP_QUALITY, 101), RGB[..., ::-1]),
    "with bytes after its end": (png(RGB, 2) + b"<html>", RGB),
}
