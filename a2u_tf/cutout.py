"""A matted picture without its background: foreground colours, and what is laid behind them.

Where hair is half transparent, the photograph's colours are half those of the old background: laid over a new one they
show as a halo. The colours of the foreground alone are estimated from picture and matte.
"""

import importlib.util
import sys

import cv2
import numpy as np

from a2u_tf.data.matting.composition import composite

INSTALL = "pip install 'a2u_tf[pymatting]'"
COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "gray": (128, 128, 128),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
}


def estimate_foreground(image, alpha):
    """Estimate the colours of the foreground wherever it is not opaque; opaque pixels keep their own.

    The method is the multi-level one of Germer et al. (ICPR 2020), in the package pymatting.

    Args:
        image: uint8 RGB of shape `(H, W, 3)`.
        alpha: Floats of shape `(H, W)` in [0, 1].

    Returns:
        float32 RGB of shape `(H, W, 3)` in [0, 1].

    Raises:
        ImportError: As `import_pymatting`.
    """
    estimate_foreground_ml = import_pymatting().estimate_foreground_ml
    colours = image.astype(np.float32) / 255
    if alpha.size == 1:  # which pymatting divides by zero for
        return colours
    return np.where(alpha[..., None] == 1, colours, estimate_foreground_ml(colours, alpha))


def import_pymatting():
    """Return the module, and say on stderr where it is imported first that it may take its time.

    Raises:
        ImportError: Where it is missing (`ModuleNotFoundError`, with the install command) or broken, for any reason.
    """
    if importlib.util.find_spec("pymatting") is None:
        raise ModuleNotFoundError(f"This needs pymatting, which is not installed: {INSTALL}")
    if "pymatting" in sys.modules:
        return sys.modules["pymatting"]
    print("pymatting is imported; when it is new, it compiles itself for about a minute", file=sys.stderr, flush=True)
    try:
        return importlib.import_module("pymatting")
    except (Exception, SystemExit) as error:  # Numba, which it stands on, raises whatever it meets on this machine
        reason = " ".join(str(error).split())
        raise ImportError(f"pymatting cannot be imported: {type(error).__name__}: {reason}") from error


def lay_over(colours, alpha, background):
    """Lay foreground colours over a background.

    Args:
        colours: Floats of shape `(H, W, 3)` in [0, 1], from `estimate_foreground`.
        alpha: Floats of shape `(H, W)` in [0, 1].
        background: uint8 RGB: a picture of any size, which is scaled to cover this one and cropped about its centre,
            or a single pixel `(1, 1, 3)`.

    Returns:
        float32 of shape `(H, W, 3)` in [0, 1].
    """
    return np.clip(composite(255 * colours, cover(background, alpha.shape), alpha) / 255, 0, 1)


def cover(picture, size):
    """Scale a picture so that it covers `(height, width)` and crop it about its centre."""
    zoom = max(length / own for length, own in zip(size, picture.shape, strict=False))
    height, width = (max(length, round(zoom * own)) for length, own in zip(size, picture.shape, strict=False))
    interpolation = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    picture = cv2.resize(picture, (width, height), interpolation=interpolation)
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    return picture[top : top + size[0], left : left + size[1]]


def parse_colour(text):
    """Return a colour's name, `#rgb` or `#rrggbb` as one uint8 pixel `(1, 1, 3)`; None for any other text."""
    text = text.strip().lower()
    digits = text[1:]
    if text.startswith("#") and len(digits) in (3, 6):
        digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
        try:
            return np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(1, 1, 3)
        except ValueError:
            return None
    return np.array([[COLOURS[text]]], np.uint8) if text in COLOURS else None
