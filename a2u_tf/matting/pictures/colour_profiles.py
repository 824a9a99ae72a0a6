"""ICC profiles: what the numbers of a picture mean as colours."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from a2u_tf.types import Array

GREY_MODES = ("1", "L", "LA", "La")


def usable_profile(image: Image.Image) -> bytes | None:
    """Return the ICC profile of one of Pillow's images, bytes; None for sRGB, and for one that is damaged or another's.

    Another's is one that is not for the image's kind of colours: grey, CMYK or RGB.
    """
    profile: bytes | None = image.info.get("icc_profile")
    if not profile:
        return None
    grey = image.mode in GREY_MODES or image.mode.startswith("I;16")
    mode = "L" if grey else "CMYK" if image.mode == "CMYK" else "RGB"
    try:
        parsed = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if parsed.profile.xcolor_space.strip() != {"L": "GRAY"}.get(mode, mode):
            return None
        ImageCms.buildTransform(parsed, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (OSError, ImageCms.PyCMSError):
        return None
    return profile


def is_grey_profile(profile: bytes) -> bool:
    """Whether a profile of `usable_profile` is for grey levels."""
    return bool(ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip() == "GRAY")


def cmyk_as_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return one of Pillow's CMYK images as RGB, by its profile where that is not None."""
    result: Image.Image = _converted(image, profile, None) if profile else image.convert("RGB")
    return result


def grey_as_srgb(levels: Array, profile: bytes) -> Array:
    """Return grey levels of 8 or 16 bits, of any shape, as those of sRGB."""
    table: Array = np.array(_converted(Image.fromarray(np.arange(256, dtype=np.uint8)[None]), profile, None))[0, :, 0]
    if levels.dtype == np.uint8:
        return table[levels]
    return np.rint(257 * np.interp(levels / 257, np.arange(256), table)).astype(np.uint16)


def converted(pixels: Array, source: bytes | None, target: bytes | None) -> Array:
    """Return RGB, uint8 of shape `(H, W, 3)`, as the same colours by another ICC profile; None stands for sRGB."""
    return pixels if source == target else np.array(_converted(Image.fromarray(pixels), source, target))


def _converted(image: Image.Image, source: bytes | None, target: bytes | None) -> Any:
    """Convert by the relative colorimetric intent, which leaves colours that both profiles have as they are."""
    own, other = (
        ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else ImageCms.createProfile("sRGB")
        for profile in (source, target)
    )
    return ImageCms.profileToProfile(image, own, other, ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB")
