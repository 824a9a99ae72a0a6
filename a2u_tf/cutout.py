"""A matted picture without its background: foreground colours, and what is laid behind them.

Where hair is half transparent, the photograph's colours are half those of the old background: laid over a new one they
show as a halo. The colours of the foreground alone are estimated from picture and matte.
"""

import cv2
import numpy as np

from a2u_tf.data.matting.composition import composite

COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "gray": (128, 128, 128),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
}


WINDOWS = 61, 5  # pixels, of the two passes


def estimate_foreground(colours, alpha):
    """Estimate the colours of the foreground wherever it is not opaque; opaque pixels keep their own.

    Means over a window, weighted by alpha for the foreground and by 1 - alpha for the background, are corrected by
    alpha times what they leave unexplained of the picture: first over a large window, then over a small one. Where the
    matte is wrong, colours stay near those of the opaque pixels around, while methods that solve the compositing
    equation take up the old background (docs/command_line.md has figures).

    Args:
        colours: Float RGB of shape `(H, W, 3)` in [0, 1], of the photograph.
        alpha: Floats of shape `(H, W)` in [0, 1].

    Returns:
        float32 RGB of shape `(H, W, 3)` in [0, 1].

    Reference: Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021.
    """
    colours, alpha = np.asarray(colours, np.float32), np.asarray(alpha, np.float32)
    opacity = cv2.merge([alpha, alpha, alpha])
    foreground = background = colours
    for window in WINDOWS:
        front, back = (
            cv2.blur(picture * weight, (window, window)) / (cv2.blur(weight, (window, window)) + 1e-5)
            for picture, weight in ((foreground, opacity), (background, 1 - opacity))
        )
        foreground = np.clip(front + opacity * (colours - opacity * front - (1 - opacity) * back), 0, 1)
        background = back
    return np.where(opacity == 1, colours, foreground)


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
