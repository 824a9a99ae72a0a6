"""Pictures from files as RGB, alpha and trimap; alpha and colours to PNG files.

Everything here is RGB, never OpenCV's BGR. Levels are those of the file; what they mean as colours, its ICC profile
says, which `read_picture` hands on and `write_rgb` writes.
"""

import dataclasses
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import PngImagePlugin

from a2u_tf.files import replaced
from a2u_tf.matting.pictures.colour_profiles import grey_as_srgb, is_grey_profile
from a2u_tf.matting.pictures.decoding import decode
from a2u_tf.matting.pictures.picture_files import PictureError
from a2u_tf.matting.pictures.trimap import exact_trimap

PNG_BEGINNING = 33  # bytes, to the end of the header
ROWS = 256


@dataclasses.dataclass(frozen=True)
class Picture:
    """A photograph.

    Attributes:
        rgb: uint8 or uint16 of shape `(H, W, 3)`.
        profile: ICC profile of these colours, bytes; None for sRGB.
    """

    rgb: np.ndarray
    profile: bytes | None = None

    def colours(self):
        """Return float32 RGB of shape `(H, W, 3)` in [0, 1]."""
        return _unit(self.rgb)


def read_picture(path, ignore_alpha=False):
    """Read a photograph.

    Grey becomes three equal channels, a palette its colours, CMYK sRGB; a picture is turned as its EXIF data ask. What
    is transparent is laid over white.

    Args:
        path: File of a format that `a2u_tf.matting.pictures.picture_files` lists.
        ignore_alpha: Whether the alpha channel is ignored and the colours are taken as stored, as for a foreground
            whose alpha lies in a file of its own.

    Returns:
        `Picture`, of 16 bits a channel where the file has them.

    Raises:
        PictureError: For a file that is damaged, cut short or of another kind.
        OSError: Where the file cannot be opened.
    """
    levels, profile = decode(path)
    rgb = cv2.cvtColor(levels, cv2.COLOR_GRAY2RGB) if levels.ndim == 2 else np.ascontiguousarray(levels[..., :3])
    if profile and is_grey_profile(profile):
        rgb, profile = grey_as_srgb(rgb, profile), None
    if levels.ndim == 2 or levels.shape[2] == 3 or ignore_alpha or _opaque(levels):
        return Picture(rgb, profile)
    if not levels[..., 3].any():
        raise PictureError(
            f"{path} is transparent everywhere. If its alpha channel means nothing, have it ignored (--ignore-alpha)."
        )
    return Picture(over_white(np.dstack([rgb, levels[..., 3]])), profile)


def read_rgb(path, ignore_alpha=False):
    """Read a picture as `read_picture` does, rounded to 8 bits and without its profile.

    Returns:
        uint8 of shape `(H, W, 3)`.
    """
    return as_8_bits(read_picture(path, ignore_alpha).rgb)


def read_alpha(path):
    """Read an alpha matte from a grey picture of 8 or 16 bits, or one of equal channels.

    Returns:
        float32 of shape `(H, W)` in `[0, 1]`: the level divided by 255 or 65535.

    Raises:
        PictureError: For a picture with colours or with transparent pixels, or as in `read_rgb`.
        OSError: Where the file cannot be opened.
    """
    return _unit(_grey(path, "an alpha matte"))


def read_rgba(path):
    """Read the colours and the alpha channel of a picture, also of one with a palette.

    The colours are not multiplied by alpha.

    Returns:
        `(rgb, alpha)`: uint8 of shape `(H, W, 3)`, and float32 of shape `(H, W)` in `[0, 1]`.

    Raises:
        PictureError: For a picture without alpha channel, or as in `read_rgb`.
        OSError: Where the file cannot be opened.
    """
    levels, _ = decode(path)
    if levels.ndim < 3 or levels.shape[2] != 4:
        raise PictureError(f"{path} has no alpha channel, expected an RGBA picture. Give its alpha as a second file.")
    return as_8_bits(np.ascontiguousarray(levels[..., :3])), _unit(levels[..., 3])


def read_trimap(path):
    """Read a trimap, or a mask, from a grey picture of 8 or 16 bits, or one of equal channels.

    Returns:
        uint8 of shape `(H, W)`: 0 background, 128 unknown, 255 foreground. Levels within 24 of 0 and of 255, as JPEG
        makes them, are 0 and 255, all others 128.

    Raises:
        PictureError: For a picture with colours or transparent pixels, one that is background alone, as where its
            levels are 0, 1 and 2, or as in `read_rgb`.
        OSError: Where the file cannot be opened.
    """
    levels = _grey(path, "a trimap or mask")
    try:
        return exact_trimap(levels, path)
    except ValueError as error:
        raise PictureError(str(error)) from error


def write_alpha(path, alpha, bits=8):
    """Write an alpha matte as a grey PNG file; the file is whole or not there.

    Args:
        path: File to write, ending in `.png`.
        alpha: Floats of shape `(H, W)` in `[0, 1]`.
        bits: 8 or 16. The levels are `alpha * 255` or `alpha * 65535`, rounded to the nearest, ties to even.

    Raises:
        ValueError: For other values, shapes, bits or endings.
    """
    _write_png(path, _levels("alpha", alpha, "(H, W)", bits))


def write_rgb(path, colours, bits=8, alpha=None, profile=None):
    """Write colours as a PNG file, with an alpha channel where one is given; the file is whole or not there.

    Args:
        path: File to write, ending in `.png`.
        colours: RGB, floats of shape `(H, W, 3)` in `[0, 1]`, not multiplied by alpha.
        bits: 8 or 16, as in `write_alpha`.
        alpha: Floats of shape `(H, W)` in `[0, 1]`, or None.
        profile: ICC profile of the colours, bytes; None for sRGB.

    Raises:
        ValueError: As in `write_alpha`, and where colours and alpha differ in size.
    """
    levels = _levels("colours", colours, "(H, W, 3)", bits)
    if alpha is None:
        _write_png(path, levels[..., ::-1], profile)
        return
    alpha_levels = _levels("alpha", alpha, "(H, W)", bits)
    if levels.shape[:2] != alpha_levels.shape:
        raise ValueError(
            f"`colours` and `alpha` must have one size. Received: {levels.shape[:2]} and {alpha_levels.shape}"
        )
    _write_png(path, np.dstack([levels[..., ::-1], alpha_levels]), profile)


def as_8_bits(levels):
    """Return levels of 8 or 16 bits as uint8, rounded to the nearest."""
    return ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8) if levels.dtype == np.uint16 else levels


def over_white(rgba):
    """Lay RGBA, uint8 or uint16 of shape `(H, W, 4)` and not multiplied by alpha, over white: RGB of its dtype."""
    white = np.iinfo(rgba.dtype).max
    missing = (white - rgba[..., :3]) * _unit(rgba[..., 3:])
    return np.rint(white - missing).astype(rgba.dtype)


def _levels(name, values, shape, bits):
    """Return floats in [0, 1] as integers of 8 or 16 bits, checked; `shape` is the one to expect, as text."""
    values = np.asarray(values)
    if bits not in (8, 16):
        raise ValueError(f"`bits` must be 8 or 16. Received: bits={bits!r}")
    fits = values.ndim == 2 if shape == "(H, W)" else values.shape[2:] == (3,)
    if not fits or values.size == 0 or not np.issubdtype(values.dtype, np.floating):
        raise ValueError(
            f"`{name}` must be floats of shape {shape}. Received: {values.dtype} of shape {values.shape}. Divide "
            "integers by their largest level, index away other axes."
        )
    if not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"`{name}` must lie in [0, 1]. Received: values from {values.min()} to {values.max()}. Clip it with "
            f"`numpy.clip({name}, 0, 1)`."
        )
    levels = np.empty(values.shape, np.uint8 if bits == 8 else np.uint16)
    for rows in range(0, len(values), ROWS):  # in float64, which for all of a large picture is too much
        levels[rows : rows + ROWS] = np.rint(values[rows : rows + ROWS].astype(np.float64) * (2**bits - 1))
    return levels


def _write_png(path, levels, profile=None):
    if Path(path).suffix.lower() != ".png":
        raise ValueError(f"`path` must end in .png, the format that is written. Received: {path}")
    try:
        encoded, png = cv2.imencode(".png", np.ascontiguousarray(levels))
    except cv2.error as error:
        raise ValueError(f"{path} of {levels.shape[:2]} pixels cannot be encoded: {error.err}") from error
    if not encoded:
        raise ValueError(f"{path} of {levels.shape[:2]} pixels is too large for PNG, whose sides are up to 10**6.")
    data = png.tobytes()
    with replaced(path) as temporary, open(temporary, "wb") as file:
        file.write(data[:PNG_BEGINNING])
        if profile:
            PngImagePlugin.putchunk(file, b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))
        file.write(data[PNG_BEGINNING:])


def _grey(path, what):
    """Return the levels `(H, W)` of a grey picture, or of one whose colours are all grey."""
    pixels, _ = decode(path)
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] == 4 and not _opaque(pixels):
        raise PictureError(
            f"{path} has transparent pixels, expected {what} in grey levels. If its alpha channel is meant, save that "
            "as a grey picture, or use it as an RGBA foreground."
        )
    levels, *others = cv2.split(np.ascontiguousarray(pixels[..., :3]))
    if any(cv2.absdiff(levels, other).max() > 1 for other in others):  # by 1 they differ in a lossy WebP
        raise PictureError(f"{path} has colours, expected {what}: a grey picture. Is it the right file?")
    return levels


def _opaque(pixels):
    return bool((pixels[..., 3] == np.iinfo(pixels.dtype).max).all())


def _unit(levels):
    return levels.astype(np.float32) / np.iinfo(levels.dtype).max
