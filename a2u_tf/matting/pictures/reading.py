"""Pictures from files as RGB, alpha and trimap.

Everything here is RGB, never OpenCV's BGR. Levels are those of the file; what they mean as colours, its ICC profile
says, which `read_picture` hands on and `write_rgb` writes.
"""

from pathlib import Path

import cv2
import numpy as np

from a2u_tf.matting.conventions import UNKNOWN
from a2u_tf.matting.pictures.decoding import decode, grey_as_srgb, is_grey_profile
from a2u_tf.matting.pictures.formats import PictureError
from a2u_tf.matting.pictures.picture import Picture, as_8_bits, over_white, unit
from a2u_tf.matting.pictures.trimap import Trimap, exact_trimap, three_levels
from a2u_tf.types import Array


def read_picture(path: Path | str, ignore_alpha: bool = False) -> Picture:
    """Read a photograph: a `Picture`, of 16 bits a channel where the file has them.

    Grey becomes three equal channels, a palette its colours, CMYK sRGB; a picture is turned as its EXIF data ask. What
    is transparent is laid over white.

    Args:
        path: File of a format that `a2u_tf.matting.pictures.formats` lists.
        ignore_alpha: Whether the alpha channel is ignored and the colours are taken as stored, as for a foreground
            whose alpha lies in a file of its own.

    Raises:
        PictureError: For a file that is damaged, cut short or of another kind.
        OSError: Where the file cannot be opened.
    """
    levels, profile = decode(path)
    rgb = cv2.cvtColor(levels, cv2.COLOR_GRAY2RGB) if levels.ndim == 2 else np.ascontiguousarray(levels[..., :3])
    if profile and is_grey_profile(profile):
        rgb, profile = grey_as_srgb(rgb, profile), None
    if not (ignore_alpha or _opaque(levels)):
        if not levels[..., 3].any():
            raise PictureError(f"{path} is transparent everywhere. If its alpha means nothing, give --ignore-alpha.")
        rgb = over_white(np.dstack([rgb, levels[..., 3]]))
    return Picture(rgb, profile, Path(path))


def read_rgb(path: Path | str, ignore_alpha: bool = False) -> Array:
    """Read a picture as `read_picture` does, rounded to 8 bits and without its profile: uint8 of shape `(H, W, 3)`."""
    return as_8_bits(read_picture(path, ignore_alpha).rgb)


def read_alpha(path: Path | str) -> Array:
    """Read an alpha matte, float32 of shape `(H, W)` in `[0, 1]`: levels divided by 255 or 65535.

    The picture is grey, or of equal channels. Errors are those of `read_picture`, and a `PictureError` where it has
    colours or transparent pixels.
    """
    return unit(_grey(path, "an alpha matte"))


def read_rgba(path: Path | str) -> tuple[Array, Array]:
    """Read the colours, not multiplied by alpha, and the alpha channel of a picture, also of one with a palette.

    Errors are those of `read_picture`, and a `PictureError` where it has no alpha channel.

    Returns:
        `(rgb, alpha)`: uint8 of shape `(H, W, 3)`, and float32 of shape `(H, W)` in `[0, 1]`.
    """
    levels, _ = decode(path)
    if levels.shape[2:] != (4,):
        raise PictureError(f"{path} has no alpha channel, expected an RGBA picture. Give its alpha as a second file.")
    return as_8_bits(np.ascontiguousarray(levels[..., :3])), unit(levels[..., 3])


def read_trimap(path: Path | str) -> Trimap:
    """Read a `Trimap`, or a mask, from a grey picture of 8 or 16 bits, or one of equal channels.

    Levels within 24 of 0 and of 255, as JPEG makes them, are 0 and 255, background and foreground, all others 128.
    Errors are those of `read_alpha`, and a `PictureError` where it is background alone, as of levels 0, 1 and 2.
    """
    levels = _grey(path, "a trimap or mask")
    try:
        return Trimap(exact_trimap(levels, str(path)), Path(path))
    except ValueError as error:
        raise PictureError(str(error)) from error


def read_strokes(path: Path | str) -> Array:
    """Read strokes for `trimap_from_strokes`, uint8 of shape `(H, W)`: 0, 128 and 255.

    The picture is grey: white is foreground, black background, all between not marked; nor is what is transparent, as
    on a layer of its own in a picture editor. Errors are those of `read_alpha`.
    """
    pixels, _ = decode(path)
    levels = three_levels(as_8_bits(_grey_levels(pixels, path, "strokes")))
    if pixels.shape[2:] == (4,):
        levels[unit(pixels[..., 3]) < 0.5] = UNKNOWN
    return levels


def _grey(path: Path | str, what: str) -> Array:
    """Return the levels `(H, W)` of a grey picture, or of one whose colours are all grey."""
    pixels, _ = decode(path)
    if not _opaque(pixels):
        raise PictureError(
            f"{path} has transparent pixels, expected {what} in grey levels. If its alpha channel is meant, save that "
            "as a grey picture, or use it as an RGBA foreground."
        )
    return _grey_levels(pixels, path, what)


def _grey_levels(pixels: Array, path: Path | str, what: str) -> Array:
    if pixels.ndim == 2:
        return pixels
    levels, *others = cv2.split(np.ascontiguousarray(pixels[..., :3]))
    if any(cv2.absdiff(levels, other).max() > 1 for other in others):  # by 1 they differ in a lossy WebP
        raise PictureError(f"{path} has colours, expected {what}: a grey picture. Is it the right file?")
    return levels


def _opaque(levels: Array) -> bool:
    return levels.shape[2:] != (4,) or bool((levels[..., 3] == np.iinfo(levels.dtype).max).all())
