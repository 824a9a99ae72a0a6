"""Pictures from PNG and JPEG files as RGB, alpha and trimap; alpha and colours to PNG files.

Everything here is RGB, never OpenCV's BGR. Colours are taken as they are stored: profiles and gamma are not applied.
"""

from pathlib import Path

import cv2
import numpy as np

from a2u_tf.data.matting.picture_files import PictureError, read_whole
from a2u_tf.files import replaced


def read_rgb(path, drop_alpha=False):
    """Read the colours of a picture.

    Grey becomes three equal channels, a palette its colours, 16 bits are rounded to 8; a JPEG is turned as its EXIF
    data ask.

    Args:
        path: PNG or JPEG file.
        drop_alpha: Whether the alpha channel of a picture with transparent pixels is ignored, as for a foreground
            whose alpha lies in a file of its own. Otherwise such a picture is refused, as it has no background.

    Returns:
        uint8 of shape `(H, W, 3)`.

    Raises:
        PictureError: For a file that is damaged, cut short or of another kind.
        OSError: Where the file cannot be opened.
    """
    pixels = _decode(path)
    if pixels.ndim == 3 and pixels.shape[2] == 4 and not drop_alpha and not _opaque(pixels):
        raise PictureError(f"{path} has transparent pixels, expected a whole picture. Put a background behind them.")
    return _rgb(pixels)


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
    """Read the colours and the alpha channel of a PNG, also of one with a palette.

    The colours are not multiplied by alpha, as is PNG's rule.

    Returns:
        `(rgb, alpha)`: uint8 of shape `(H, W, 3)`, and float32 of shape `(H, W)` in `[0, 1]`.

    Raises:
        PictureError: For a picture without alpha channel, or as in `read_rgb`.
        OSError: Where the file cannot be opened.
    """
    pixels = _decode(path)
    if pixels.ndim < 3 or pixels.shape[2] != 4:
        raise PictureError(f"{path} has no alpha channel, expected an RGBA picture. Give its alpha as a second file.")
    return _rgb(pixels), _unit(pixels[..., 3])


def read_trimap(path):
    """Read a trimap from a grey picture of 8 bits, or one of equal channels.

    Returns:
        uint8 of shape `(H, W)`: 0 background, 128 unknown, 255 foreground. Other levels are returned as they are.

    Raises:
        PictureError: For a picture with colours, transparent pixels or 16 bits, or as in `read_rgb`.
        OSError: Where the file cannot be opened.
    """
    levels = _grey(path, "a trimap")
    if levels.dtype != np.uint8:
        raise PictureError(f"{path} has 16 bits, expected a trimap of 8 with the levels 0, 128 and 255. Convert it.")
    return levels


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


def write_rgb(path, colours, bits=8, alpha=None):
    """Write colours as a PNG file, with an alpha channel where one is given; the file is whole or not there.

    Args:
        path: File to write, ending in `.png`.
        colours: RGB, floats of shape `(H, W, 3)` in `[0, 1]`, not multiplied by alpha.
        bits: 8 or 16, as in `write_alpha`.
        alpha: Floats of shape `(H, W)` in `[0, 1]`, or None.

    Raises:
        ValueError: As in `write_alpha`, and where colours and alpha differ in size.
    """
    levels = _levels("colours", colours, "(H, W, 3)", bits)
    if alpha is None:
        _write_png(path, levels[..., ::-1])
        return
    alpha_levels = _levels("alpha", alpha, "(H, W)", bits)
    if levels.shape[:2] != alpha_levels.shape:
        raise ValueError(
            f"`colours` and `alpha` must have one size. Received: {levels.shape[:2]} and {alpha_levels.shape}"
        )
    _write_png(path, np.dstack([levels[..., ::-1], alpha_levels]))


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
    return np.rint(values.astype(np.float64) * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)


def _write_png(path, levels):
    if Path(path).suffix.lower() != ".png":
        raise ValueError(f"`path` must end in .png, the format that is written. Received: {path}")
    _, data = cv2.imencode(".png", np.ascontiguousarray(levels))
    with replaced(path) as temporary:
        temporary.write_bytes(data.tobytes())


def _decode(path):
    """Return the pixels as stored: `(H, W)`, BGR or BGRA, of 8 or 16 bits."""
    header, data = read_whole(path)
    # "Unchanged" keeps an alpha channel, but also the rotation that EXIF data ask to undo; JPEG has only the latter.
    flags = cv2.IMREAD_UNCHANGED if header.format == "PNG" else cv2.IMREAD_ANYCOLOR
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise PictureError(f"{path} of {header.size} pixels cannot be decoded: {error}") from error
    if pixels is None or pixels.shape[:2] != header.size:
        raise PictureError(f"{path} is damaged: its {header.format} data cannot be decoded. Copy or export it again.")
    return pixels


def _grey(path, what):
    """Return the levels `(H, W)` of a grey picture, or of one whose colours are all grey."""
    pixels = _decode(path)
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] == 4 and not _opaque(pixels):
        raise PictureError(
            f"{path} has transparent pixels, expected {what} in grey levels. If its alpha channel is meant, save that "
            "as a grey picture, or use it as an RGBA foreground."
        )
    levels = pixels[..., 0]
    if (levels != pixels[..., 1]).any() or (levels != pixels[..., 2]).any():
        raise PictureError(f"{path} has colours, expected {what}: a grey picture. Is it the right file?")
    return np.ascontiguousarray(levels)


def _rgb(pixels):
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _opaque(pixels):
    return bool((pixels[..., 3] == np.iinfo(pixels.dtype).max).all())


def _unit(levels):
    return levels.astype(np.float32) / np.iinfo(levels.dtype).max
