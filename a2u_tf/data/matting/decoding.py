"""The levels of a picture file, of 8 or 16 bits, upright."""

import io

import cv2
import numpy as np

from a2u_tf.data.matting.colour_profiles import as_srgb, rgb_profile
from a2u_tf.data.matting.picture_files import PictureError, damage_named, open_picture, orientation, read_whole

# How to turn a picture upright: whether rows and columns change places, then which way rows and columns run.
UPRIGHT = {
    1: (False, 1, 1),
    2: (False, 1, -1),
    3: (False, -1, -1),
    4: (False, -1, 1),
    5: (True, 1, 1),
    6: (True, 1, -1),
    7: (True, -1, -1),
    8: (True, -1, 1),
}


def decode(path):
    """Decode a picture, in a format of `a2u_tf.data.matting.picture_files.FORMATS` or HEIF.

    Returns:
        `(levels, profile)`: uint8 or uint16 of shape `(H, W)`, grey, `(H, W, 3)`, RGB, or `(H, W, 4)`, RGBA not
        multiplied by alpha; and the ICC profile of RGB, None for sRGB and for grey. CMYK is converted to sRGB, and
        grey of another scale to sRGB's.

    Raises:
        PictureError: As of `a2u_tf.data.matting.picture_files.open_picture`, for damaged files, and for kinds whose
            levels have no scale, such as floats.
        OSError: Where the file cannot be opened.
    """
    data = read_whole(path)
    image = open_picture(path, io.BytesIO(data))
    turn = orientation(image)
    with damage_named(path):
        if image.format == "PNG":
            open_picture(path, io.BytesIO(data)).verify()  # the sums, which decoding does not look at
        # Pillow has no colours of 16 bits, and rounds them down.
        if image.mode in ("RGB", "RGBA") and image.tile and ";16" in str(image.tile[0].args):
            return _turned(_deep_colours(data), turn), rgb_profile(image)
        image.load()
        levels, profile = _levels(path, image)
    return _turned(levels, turn), profile


def _levels(path, image):
    if image.mode.startswith("I;16"):
        levels = np.asarray(image).astype(np.uint16)
        if (transparent := image.info.get("transparency")) is None:
            return levels, None
        alpha = np.where(levels == transparent, 0, 2**16 - 1)
        return np.dstack([levels, levels, levels, alpha]).astype(np.uint16), None
    if image.mode in ("F", "I", "LAB", "HSV"):
        raise PictureError(
            f"{path} is a picture of the kind {image.mode!r}, whose levels mean something else to each program. Export "
            "it as RGB or grey of 8 or 16 bits."
        )
    if image.has_transparency_data:
        return np.array(image.convert("RGBA")), rgb_profile(image)
    if image.mode in ("1", "L") and not image.info.get("icc_profile"):
        return np.array(image.convert("L")), None
    if image.mode in ("RGB", "P"):
        return np.array(image.convert("RGB")), rgb_profile(image)
    return np.array(as_srgb(image)), None


def _deep_colours(data):
    """Decode 16 bits a channel; a TIFF comes upright."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim < 3:
        raise ValueError("its data cannot be decoded")
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _turned(levels, turn):
    swapped, rows, columns = UPRIGHT[turn]
    levels = levels.swapaxes(0, 1) if swapped else levels
    return np.ascontiguousarray(levels[::rows, ::columns])
