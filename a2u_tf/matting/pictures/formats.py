"""Picture files before they are decoded: their format and size, and what is not to be decoded.

Pillow reads them. What it lets through and we do not: more pixels than `max_pixels` allows, as a file of a few hundred
bytes can ask for gigabytes, and formats whose decoders nobody needs here.
"""

import contextlib
import dataclasses
import functools
import math
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

# By their bytes, whatever the ending. The first frame of those that move is the picture.
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "GIF")
AVIF_BRANDS = {b"avif", b"avis"}
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
JPEG_SIGNATURE = b"\xff\xd8\xff"
JPEG_END = b"\xff\xd9"
LIMIT = "A2U_MAX_PIXELS"
# 268 megapixels: more than the 200 of the largest cameras. Decoded, four channels of 16 bits are 2 GiB.
DEFAULT_LIMIT = 2**28
BYTES_PER_PIXEL = 8  # four channels of 16 bits: a longer file holds something else than its picture
_PARSING = threading.Lock()


class PictureError(ValueError):
    """A picture file that cannot be read, or not without a wrong picture; the message names it and the way out."""


@dataclasses.dataclass(frozen=True)
class PictureHeader:
    """What a picture file says of itself."""

    format: str  # one of `FORMATS`, "HEIF", or "MPO": a JPEG with more pictures behind it
    size: tuple[int, int]  # (height, width) in pixels, after the rotation that EXIF data ask for
    has_alpha: bool = False  # also where a palette or a colour is transparent


def max_pixels() -> int:
    """Return the largest number of pixels of a picture that is read: the variable `A2U_MAX_PIXELS`, or 2**28."""
    text = os.environ.get(LIMIT) or str(DEFAULT_LIMIT)
    if not (text.isascii() and text.isdecimal() and len(text) < 19 and int(text) > 0):
        raise ValueError(f"{LIMIT} must be a whole number above 0. Received: {text!r}. Unset it for {DEFAULT_LIMIT}.")
    return int(text)


def read_header(path: Path | str) -> PictureHeader:
    """Return what a picture file says of itself; of most files only the beginning and the end are read.

    A PNG or JPEG file that does not end as such files do is read whole, to see whether it was cut short.
    """
    with open_file(path) as file:
        image, turn = open_picture(path, file)
        size = image.size if turn >= 5 else image.size[::-1]  # 5 to 8 lie on their side
        end = _last_bytes(file, len(PNG_END))
        with damage_named(path):
            header = PictureHeader(str(image.format), size, image.has_transparency_data)
            if header.format == "PNG" and end != PNG_END:
                image.verify()
            elif header.format == "JPEG" and not end.endswith(JPEG_END):
                image.load()
    return header


def open_picture(path: Path | str, file: BinaryIO) -> tuple[ImageFile.ImageFile, int]:
    """Open a picture without decoding it; returns the EXIF orientation that is still to be applied, too, 1 to 8."""
    start = file.read(256)
    file.seek(0)
    if not start:
        raise PictureError(f"{path} is empty. Copy or export the picture again.")
    is_heif = _is_heif(start)
    if is_heif and (problem := _heif_problem()):
        raise PictureError(f"{path} is HEIC, which pillow-heif reads ({problem}): pip install 'a2u_tf[heif]'")
    try:
        with damage_named(path), _without_other_limits():
            image = Image.open(file, formats=("HEIF",) if is_heif else FORMATS)
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{path} is damaged or no picture of the formats {', '.join(FORMATS)} or HEIF, or one of a kind that is "
            f"not read: it begins with {start[:8]!r}. Export it as PNG or JPEG."
        ) from error
    size = image.size[::-1]
    if 0 in size:
        raise PictureError(f"{path} has no pixels: its size (height, width) is {size}. Export it again.")
    if math.prod(size) > max_pixels():
        raise PictureError(
            f"{path} is of the size (height, width) {size}, {math.prod(size)} pixels, expected at most {max_pixels()}. "
            f"Reduce it or, if you trust it, set {LIMIT} to more."
        )
    with damage_named(path), _without_other_limits():
        return image, _orientation(image, file)


def _orientation(image: Image.Image, file: BinaryIO) -> int:
    if image.format == "TIFF":
        return 1  # Pillow applies it when it decodes
    exif = Image.Image.getexif(image)  # PNG's own method would decode every picture in search of EXIF data behind it
    if image.format == "PNG" and "exif" not in image.info and b"eXIf" in _last_bytes(file, 2**17):
        file.seek(0)
        exif = Image.open(file, formats=("PNG",)).getexif()
    value = exif.get(ExifTags.Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _is_heif(start: bytes) -> bool:
    """Look at the brands of a file, the first of which may be that of a container."""
    if start[4:8] != b"ftyp":
        return False
    brands = {start[place : place + 4] for place in range(8, min(int.from_bytes(start[:4], "big"), len(start)), 4)}
    return not brands & AVIF_BRANDS and bool(brands & HEIF_BRANDS)


def _last_bytes(file: BinaryIO, count: int) -> bytes:
    """Return the end of a file, and leave it at its beginning."""
    file.seek(max(-count, -file.seek(0, os.SEEK_END)), os.SEEK_END)
    end = file.read()
    file.seek(0)
    return end


@contextlib.contextmanager
def damage_named(path: Path | str) -> Iterator[None]:
    """Turn whatever a decoder raises at damaged data into one line that names the file."""
    try:
        yield
    except (PictureError, MemoryError, UnidentifiedImageError):
        raise
    except Exception as error:  # decoders fail in many ways: SyntaxError, struct.error, EOFError
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{path} is damaged or cut short: {reason}. Copy or export it again.") from error


@contextlib.contextmanager
def _without_other_limits() -> Iterator[None]:
    """Let Pillow parse without its warnings and its own, lower limit of pixels: settings of the process, so in turn."""
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


@functools.cache
def _heif_problem() -> str | None:
    """Teach Pillow to read HEIC; return why that cannot be done, or None."""
    try:
        import pillow_heif
    except Exception as error:  # a package that is there and broken, too
        return str(error)
    pillow_heif.register_heif_opener()
    return None


def open_file(path: Path | str) -> BinaryIO:
    """Open a file that can be read to its end, unlike a pipe or a device."""
    status = os.stat(path)
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # `open` has its own word for folders
        raise PictureError(f"{path} is a pipe or a device, expected a file. Copy the picture into one.")
    if status.st_size > BYTES_PER_PIXEL * max_pixels():
        raise PictureError(f"{path} has {status.st_size} bytes, too many for {max_pixels()} pixels. Raise {LIMIT}?")
    return open(path, "rb")
