"""The levels of a picture file, of 8 or 16 bits, upright."""

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageFile

from a2u_tf.matting.pictures.colour_profiles import GREY_MODES, as_srgb, usable_profile
from a2u_tf.matting.pictures.formats import PictureError, damage_named, open_picture, read_whole
from a2u_tf.types import Array

# Of TIFF's tags, and what some of their values mean.
BITS_PER_SAMPLE, PHOTOMETRIC, PLANAR_CONFIGURATION, EXTRA_SAMPLES = 258, 262, 284, 338
WHITE_IS_ZERO, IN_PLANES, ASSOCIATED_ALPHA = 0, 2, (1,)
WHITE = 2**16 - 1


def decode(path: Path | str) -> tuple[Array, bytes | None]:
    """Decode a picture, in a format of `a2u_tf.matting.pictures.formats.FORMATS` or HEIF.

    Returns:
        `(levels, profile)`: uint8 or uint16 of shape `(H, W)`, grey, `(H, W, 3)`, RGB, or `(H, W, 4)`, RGBA not
        multiplied by alpha, as they are stored but for CMYK, which becomes sRGB; and their ICC profile, of RGB or of
        grey, None for sRGB.
    """
    data = read_whole(path)
    image, turn = open_picture(path, io.BytesIO(data))
    with damage_named(path):
        if image.format == "PNG":
            open_picture(path, io.BytesIO(data))[0].verify()  # the sums, which decoding does not look at
        profile = usable_profile(image)
        if image.mode in ("RGB", "RGBA") and _is_deep(image):
            levels = _deep_colours(path, image, data)
        else:
            image.load()
            levels, profile = _levels(path, image, profile)
    # What EXIF's orientations change: rows for columns, then which way rows and columns run.
    if turn >= 5:
        levels = levels.swapaxes(0, 1)
    if turn in (3, 4, 7, 8):
        levels = levels[::-1]
    if turn in (2, 3, 6, 7):
        levels = levels[:, ::-1]
    return np.ascontiguousarray(levels), profile


def _is_deep(image: ImageFile.ImageFile) -> bool:
    """Whether colours have 16 bits, which Pillow rounds down."""
    tags = getattr(image, "tag_v2", {})
    return (bool(image.tile) and ";16" in str(image.tile[0].args)) or 16 in tags.get(BITS_PER_SAMPLE, ())


def _levels(path: Path | str, image: Image.Image, profile: bytes | None) -> tuple[Array, bytes | None]:
    if image.mode.startswith("I;16"):
        levels = np.asarray(image).astype(np.uint16)
        if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO:
            levels = WHITE - levels
        if (transparent := image.info.get("transparency")) is None:
            return levels, profile
        return np.dstack([levels, levels, levels, WHITE * (levels != transparent)]).astype(np.uint16), profile
    if image.mode in ("F", "I", "LAB", "HSV"):
        raise PictureError(
            f"{path} is a picture of the kind {image.mode!r}, whose levels mean something else to each program. Export "
            "it as RGB or grey of 8 or 16 bits."
        )
    if image.mode == "CMYK" and profile:
        return np.array(as_srgb(image, profile)), None
    if image.has_transparency_data:
        return np.array(image.convert("RGBA")), profile
    return np.array(image.convert("L" if image.mode in GREY_MODES else "RGB")), profile


def _deep_colours(path: Path | str, image: Image.Image, data: bytes) -> Array:
    """Decode colours of 16 bits by OpenCV, which turns a TIFF upright."""
    tags = getattr(image, "tag_v2", {})
    pixels = None
    if tags.get(PLANAR_CONFIGURATION) != IN_PLANES:  # which OpenCV mixes up
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim < 3:
        raise PictureError(
            f"{path} has 16 bits a channel in a kind of {image.format} that is not read. Export it as PNG, or as TIFF "
            "with LZW or without compression."
        )
    if pixels.shape[2] == 3 or not image.has_transparency_data:
        return cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_BGR2RGB)
    rgba = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)
    if tags.get(EXTRA_SAMPLES) == ASSOCIATED_ALPHA:
        alpha = np.maximum(rgba[..., 3:], 1).astype(np.float32)
        rgba[..., :3] = np.minimum(np.rint(rgba[..., :3] / alpha * WHITE), WHITE)
    return rgba
