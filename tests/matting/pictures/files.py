"""Picture files made byte by byte, so that what they must decode to is known."""

import struct
import zlib

import cv2
import numpy as np


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(pixels, colour_type, *chunks, bits=8):
    """A PNG file: rows of raw pixels of `bits`, colour type 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA."""
    height, width = pixels.shape[:2]
    rows = pixels.astype(">u2" if bits == 16 else "u1").reshape(height, -1)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    body = (chunk(b"IHDR", header), *chunks, chunk(b"IDAT", data[:20]), chunk(b"IDAT", data[20:]), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def palette_png(indices, colours, *alphas):
    """`colours` are rows of RGB; `alphas`, where given, belong to the first of them."""
    chunks = [chunk(b"PLTE", np.uint8(colours).tobytes())] + [chunk(b"tRNS", bytes(alphas))] * bool(alphas)
    return png(indices, 3, *chunks)


def jpeg(pixels, progressive=False):
    """Quality 100; `pixels` grey or RGB."""
    bgr = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., ::-1])
    settings = [cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return cv2.imencode(".jpg", bgr, settings)[1].tobytes()


def exif(orientation, order=">"):
    """TIFF header and one directory of two entries: a width, and the orientation."""
    entries = [
        struct.pack(order + "HHII", 0x0100, 4, 1, 77),
        struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0),
    ]
    mark = b"MM" if order == ">" else b"II"
    return mark + struct.pack(order + "HIH", 42, 8, len(entries)) + b"".join(entries) + struct.pack(order + "I", 0)


def jpeg_segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def with_segments(data, *segments):
    """The JPEG `data` with segments after its first marker."""
    return data[:2] + b"".join(segments) + data[2:]
