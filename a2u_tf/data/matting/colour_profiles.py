"""ICC profiles: what the numbers of a picture mean as colours."""

import io

import numpy as np
from PIL import Image, ImageCms


def rgb_profile(image):
    """Return the ICC profile of one of Pillow's RGB images, bytes; None for sRGB, and for a profile that is none."""
    profile = image.info.get("icc_profile")
    return profile if profile and _space(profile) == "RGB" else None


def as_srgb(image):
    """Return one of Pillow's images as RGB in sRGB: by its profile where it has one for its kind of colours.

    Args:
        image: In grey, CMYK or another mode that Pillow converts to RGB.
    """
    profile = image.info.get("icc_profile")
    if profile and _space(profile) == {"L": "GRAY", "CMYK": "CMYK"}.get(image.mode):
        return _converted(image, profile, None)
    return image.convert("RGB")


def converted(pixels, source, target):
    """Return RGB, uint8 of shape `(H, W, 3)`, as the same colours by another ICC profile; None stands for sRGB."""
    return pixels if source == target else np.array(_converted(Image.fromarray(pixels), source, target))


def _converted(image, source, target):
    """Convert by the relative colorimetric intent, which leaves colours that both profiles have as they are."""
    own, other = (
        ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else ImageCms.createProfile("sRGB")
        for profile in (source, target)
    )
    return ImageCms.profileToProfile(image, own, other, ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB")


def _space(profile):
    """Return what a profile describes, such as `"RGB"`, `"GRAY"` or `"CMYK"`; None where it is damaged."""
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip()
    except (OSError, ImageCms.PyCMSError):
        return None
