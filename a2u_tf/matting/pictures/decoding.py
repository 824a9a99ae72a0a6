"""The levels of a picture file, of 8 or 16 bits, upright, and what they mean as colours: ICC profiles."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageFile

from a2u_tf.matting.pictures.formats import PictureError, damage_named, open_file, open_picture
from a2u_tf.types import Array

# Of TIFF's tags, and what some of their values mean.
BITS_PER_SAMPLE, PHOTOMETRIC, PLANAR_CONFIGURATION, EXTRA_SAMPLES = 258, 262, 284, 338
WHITE_IS_ZERO, IN_PLANES, ASSOCIATED_ALPHA = 0, 2, (1,)
WHITE = 2**16 - 1
GREY_MODES = ("1", "L", "LA", "La")


def decode(path: Path | str) -> tuple[Array, bytes | None]:
    """Decode a picture, in a format of `a2u_tf.matting.pictures.formats.FORMATS` or HEIF.

    Returns:
        `(levels, profile)`: uint8 or uint16 of shape `(H, W)`, grey, `(H, W, 3)`, RGB, or `(H, W, 4)`, RGBA not
        multiplied by alpha, as they are stored but for CMYK, which becomes sRGB; and their ICC profile, of RGB or of
        grey, None for sRGB.
    """
    with open_file(path) as file:
        data = file.read()
    image, turn = open_picture(path, io.BytesIO(data))
    with damage_named(path):
        if image.format == "PNG":
            open_picture(path, io.BytesIO(data))[0].verify()  # the sums, which decoding does not look at
        profile = _usable_profile(image)
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


def _usable_profile(image: Image.Image) -> bytes | None:
    """Return an image's ICC profile; None for sRGB, and for one that is damaged or of another kind of colours."""
    profile: bytes | None = image.info.get("icc_profile")
    if not profile:
        return None
    grey = image.mode in GREY_MODES or image.mode.startswith("I;16")
    mode = "L" if grey else "CMYK" if image.mode == "CMYK" else "RGB"
    try:
        if _colour_space(profile) != {"L": "GRAY"}.get(mode, mode):
            return None
        ImageCms.buildTransform(_parsed(profile), _parsed(None), mode, "RGB")
    except (OSError, ImageCms.PyCMSError):
        return None
    return profile


def is_grey_profile(profile: bytes) -> bool:
    """Whether a profile of `_usable_profile` is for grey levels."""
    return _colour_space(profile) == "GRAY"


def grey_as_srgb(levels: Array, profile: bytes) -> Array:
    """Return grey levels of 8 or 16 bits, of any shape, as those of sRGB."""
    table: Array = np.array(as_srgb(Image.fromarray(np.arange(256, dtype=np.uint8)[None]), profile))[0, :, 0]
    if levels.dtype == np.uint8:
        return table[levels]
    return np.rint(257 * np.interp(levels / 257, np.arange(256), table)).astype(np.uint16)


def converted(pixels: Array, source: bytes | None, target: bytes | None) -> Array:
    """Return RGB, uint8 of shape `(H, W, 3)`, as the same colours by another ICC profile; None stands for sRGB."""
    return pixels if source == target else np.array(as_srgb(Image.fromarray(pixels), source, target))


def as_srgb(image: Image.Image, source: bytes | None, target: bytes | None = None) -> Any:
    """Return an image as sRGB, or by `target`; the intent leaves colours that both profiles have as they are."""
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    return ImageCms.profileToProfile(image, _parsed(source), _parsed(target), intent, outputMode="RGB")


def _parsed(profile: bytes | None) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile) if profile else ImageCms.createProfile("sRGB"))


def _colour_space(profile: bytes) -> str:
    return str(_parsed(profile).profile.xcolor_space.strip())
