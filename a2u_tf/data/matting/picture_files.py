"""PNG and JPEG files before they are decoded: the size of the picture, and whether the file is whole.

OpenCV decodes what it can: it fills the rest of a file that was cut short with grey, and it lets formats through whose
colours it cannot know. Here such files are found, with a message that names them.
"""

import contextlib
import dataclasses
import math
import mmap
import os
import re
import stat
import struct

from a2u_tf.data.matting.picture_limit import ENVIRONMENT_VARIABLE, max_pixels

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_HEADER = b"\0\0\0\rIHDR"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
# Colour types of PNG.
GREY, WITH_ALPHA = 0, (4, 6)
JPEG_SIGNATURE = b"\xff\xd8\xff"
JPEG_END = b"\xff\xd9"
# Start of frame: all of C0..CF but the tables C4, C8 and CC.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that no length follows: before the frame, a decoder and a walk by lengths would part ways at them.
JPEG_ALONE = frozenset({0x00, 0x01, *range(0xD0, 0xDA)})
# In the compressed data, FF 00 is a byte and FF D0..D7 are restarts; FF FF is padding.
JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
# Four channels of 16 bits: a longer file holds something else than its picture.
BYTES_PER_PIXEL = 8


class PictureError(ValueError):
    """A picture file that cannot be read, or not without a wrong picture; the message names it and the way out."""


@dataclasses.dataclass(frozen=True)
class PictureHeader:
    """What a picture file says of itself.

    Attributes:
        format: `"PNG"` or `"JPEG"`.
        size: `(height, width)` in pixels, of a JPEG after the rotation that its EXIF data ask for.
        has_alpha: Whether there is an alpha channel, or a palette or a colour that is transparent.
    """

    format: str
    size: tuple[int, int]
    has_alpha: bool = False


def read_header(path):
    """Return the `PictureHeader` of a PNG or JPEG file; of a large file only its beginning and its end are read.

    Raises:
        PictureError: For a file that `read_whole` refuses by what was read of it.
    """
    with _open(path) as file:
        if not file.read(1):
            raise PictureError(f"{path} is empty. Copy or export the picture again.")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data[:8] == PNG_SIGNATURE and data[-12:] == PNG_END:
                return _check_png(path, data, last=b"IDAT")
            if data[:3] == JPEG_SIGNATURE and data[-2:] == JPEG_END:
                return _jpeg_header(path, data)[0]
            return _check_whole(path, data)


def read_whole(path):
    """Read a PNG or JPEG file, from the first byte to the mark of its end.

    Damage between the two is for the decoder to find: that of PNG checks sums, that of JPEG has none.

    Returns:
        `(header, data)`: a `PictureHeader`, and the bytes of the file.

    Raises:
        PictureError: For a file that is empty, cut short or neither PNG nor JPEG; a picture without pixels, or with
            more than `a2u_tf.data.matting.picture_limit` allows; JPEG in CMYK, or of more than 8 bits; PNG that is
            animated, with a rotation in its EXIF data, or grey with one level declared transparent, which OpenCV
            overlooks.
    """
    with _open(path) as file:
        data = file.read()
    if not data:
        raise PictureError(f"{path} is empty. Copy or export the picture again.")
    return _check_whole(path, data), data


def _open(path):
    """Open a file that can be read to its end, unlike a pipe or a device."""
    status = os.stat(path)
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # `open` has its own word for folders
        raise PictureError(f"{path} is a pipe or a device, expected a file. Copy the picture into one.")
    if status.st_size > BYTES_PER_PIXEL * max_pixels():
        raise PictureError(
            f"{path} has {status.st_size} bytes, more than a picture of {max_pixels()} pixels needs. If you trust it, "
            f"set {ENVIRONMENT_VARIABLE} to more pixels."
        )
    return open(path, "rb")


def _check_size(path, size):
    """Raise at a picture, `(height, width)`, that is not to be decoded."""
    if 0 in size:
        raise PictureError(f"{path} has no pixels: its size (height, width) is {size}. Export it again.")
    if math.prod(size) > max_pixels():
        raise PictureError(
            f"{path} is of the size (height, width) {size}, {math.prod(size)} pixels, expected at most {max_pixels()}. "
            f"Reduce it or, if you trust it, set {ENVIRONMENT_VARIABLE} to more."
        )


def _check_whole(path, data):
    if data[:8] == PNG_SIGNATURE:
        return _check_png(path, data)
    if data[:3] == JPEG_SIGNATURE:
        return _check_jpeg(path, data)
    raise PictureError(f"{path} is neither PNG nor JPEG: it begins with {bytes(data[:8])!r}. Convert it to PNG.")


def _check_png(path, data, last=b"IEND"):
    """Walk over the chunks to the first of kind `last`."""
    if len(data) >= 16 and data[8:16] != PNG_HEADER:
        raise PictureError(f"{path} is damaged: its PNG data do not begin with their header. Copy or export it again.")
    width, height = (int.from_bytes(data[start : start + 4], "big") for start in (16, 20))
    position, kind, has_alpha = 8, b"", False
    while kind != last:
        kind = data[position + 4 : position + 8]
        content = position + 8
        position = content + int.from_bytes(data[position : position + 4], "big") + 4
        if len(kind) < 4 or position > len(data) or len(data) < 33:
            raise _cut_short(path, len(data))
        if kind == b"acTL":
            raise PictureError(f"{path} is an animated PNG, expected one picture. Save one of its frames.")
        if kind == b"tRNS" and data[25] == GREY:
            raise PictureError(f"{path} is grey with one level declared transparent. Save it with an alpha channel.")
        if kind == b"eXIf" and (orientation := _exif_orientation(data[content : position - 4])) != 1:
            raise PictureError(f"{path} is a PNG with the EXIF orientation {orientation}. Save it upright.")
        has_alpha |= kind == b"tRNS" or data[25] in WITH_ALPHA
    _check_size(path, (height, width))
    return PictureHeader("PNG", (height, width), has_alpha)


def _jpeg_header(path, data):
    """Return the header, and the position after the frame's."""
    position, orientation = 2, 1
    while True:
        marker, length = data[position : position + 2], int.from_bytes(data[position + 2 : position + 4], "big")
        if len(marker) == 2 and (marker[0] != 0xFF or marker[1] in JPEG_ALONE):
            raise PictureError(f"{path} is damaged: no segment of a JPEG at byte {position}. Copy or export it again.")
        if marker[1:] == b"\xff":
            position += 1
            continue
        if len(marker) < 2 or position + 2 + length > len(data):
            raise _cut_short(path, len(data))
        content = data[position + 4 : position + 2 + length]
        position += 2 + length
        if marker[1] == 0xE1 and content[:6] == b"Exif\0\0":
            orientation = _exif_orientation(content[6:])
        if marker[1] in JPEG_FRAMES and length >= 8:
            break
    bits, components = content[0], content[5]
    height, width = int.from_bytes(content[1:3], "big"), int.from_bytes(content[3:5], "big")
    if bits != 8 or components not in (1, 3):
        kind = "CMYK" if components == 4 else f"{components} channels of {bits} bits"
        raise PictureError(f"{path} is a JPEG in {kind}, expected grey or RGB of 8 bits. Convert it to sRGB.")
    _check_size(path, (height, width))
    # The orientations 5 to 8 lie on their side.
    return PictureHeader("JPEG", (width, height) if orientation >= 5 else (height, width)), position


def _check_jpeg(path, data):
    """Walk over all markers to the one of the end. Those of thumbnails lie inside segments, which are skipped."""
    header, position = _jpeg_header(path, data)
    while match := JPEG_MARKER.search(data, position):
        if match.group() == JPEG_END:
            return header
        position = match.start() + 2 + int.from_bytes(data[match.start() + 2 : match.start() + 4], "big")
    raise _cut_short(path, len(data))


def _cut_short(path, size):
    return PictureError(f"{path} is cut short: its {size} bytes end before the picture. Copy or export it again.")


def _exif_orientation(exif):
    """Return 1 (upright) to 8, the tag 0x0112 of the first directory of a TIFF header."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    with contextlib.suppress(struct.error):  # data that end too early
        (directory,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, directory)
        for position in range(directory + 2, directory + 2 + 12 * entries, 12):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, position)
            if tag == 0x0112:
                return value if 1 <= value <= 8 else 1
    return 1
