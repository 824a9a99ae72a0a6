"""ICC profiles: what the numbers of a picture mean as colours."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from a2u_tf.types import Array

GREY_MODES = ("1", "L", "LA", "La")


def usable_profile(image: Image.Image) -> bytes | None:
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
    """Whether a profile of `usable_profile` is for grey levels."""
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
