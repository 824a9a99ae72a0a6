"""ICC profiles: what the numbers of a picture mean as colours."""

import io

import numpy as np
from PIL import Image, ImageCms

GREY_MODES = ("1", "L", "LA", "La")


def usable_profile(image):
    """Return the ICC profile of one of Pillow's images, bytes; None for sRGB, and for one that is damaged or another's.

    Another's is one that is not for the image's kind of colours: grey, CMYK or RGB.
    """
    profile = image.info.get("icc_profile")
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


def is_grey_profile(profile):
    """Whether a profile of `usable_profile` is for grey levels."""
    return ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip() == "GRAY"


def cmyk_as_srgb(image, profile):
    """Return one of Pillow's CMYK images as RGB, by its profile where that is not None."""
    return _converted(image, profile, None) if profile else image.convert("RGB")


def grey_as_srgb(levels, profile):
    """Return grey levels of 8 or 16 bits, of any shape, as those of sRGB."""
    table = np.array(_converted(Image.fromarray(np.arange(256, dtype=np.uint8)[None]), profile, None))[0, :, 0]
    if levels.dtype == np.uint8:
        return table[levels]
    return np.rint(257 * np.interp(levels / 257, np.arange(256), table)).astype(np.uint16)


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
