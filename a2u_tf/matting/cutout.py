"""A matted picture without its background: foreground colours, and what is laid behind them.

Where hair is half transparent, the photograph's colours are half those of the old background: laid over a new one they
show as a halo. The colours of the foreground alone are estimated from picture and matte. And where a matte is half
transparent far and wide, the old background itself shows: there, the colours decide the alpha of a cutout.
"""

import cv2
import numpy as np

from a2u_tf.types import Array

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
# A matte claims that a pixel is alpha of the way from the background's mean colour to the foreground's: it is doubted
# below this share of alpha. And how far apart these colours must be, in [0, 1], for that to tell something.
DOUBTED, APART = 0.1, 0.4
TRACE = 1e-5  # what a pixel's own colour weighs in the means around it
WIDE, AROUND = 21, 41  # pixels: windows that tell where a matte is at a loss, and what colours say there
RIDGE = 3e-4  # variance of colours, in [0, 1], that tells nothing


def decide_alpha(colours: Array, alpha: Array) -> Array:
    """Return the alpha of a cutout: the matte's, and where that is half transparent far and wide, what colours say.

    Soft edges and hair are narrow; a broad band of middling alpha is a network that could not decide, and what lies
    behind shows through it. There alpha is predicted from the colour, by a linear regression over the pixels around
    that the matte is sure of. It counts as far as colours and alpha are correlated there: smoke and veils, where
    they are not, stay as they are. Pixels of alpha 0 and 1 do, too.

    Args:
        colours: Float RGB of shape `(H, W, 3)` in [0, 1], of the photograph.
        alpha: Floats of shape `(H, W)` in [0, 1], the matte.

    Returns:
        float32 of shape `(H, W)` in [0, 1].

    Raises:
        ValueError: For other types, ranges and shapes.

    Reference: the regression of alpha on colours in a window is that of Levin, Lischinski and Weiss, "A Closed-Form
        Solution to Natural Image Matting", TPAMI 2008; its weights and where it counts are ours.
    """
    colours, alpha = _checked("colours", colours), _checked("alpha", alpha)
    _check_sizes(colours, alpha)
    lost = np.clip(2 * cv2.blur(4 * alpha * (1 - alpha), (WIDE, WIDE)), 0, 1) ** 3
    asked = (alpha > 0) & (alpha < 1) & (lost > 0.01)
    sure = (2 * alpha - 1) ** 4 + 1e-3
    weight = cv2.blur(sure, (AROUND, AROUND))[asked]

    def mean(values: Array) -> Array:
        means: Array = cv2.blur(sure * values, (AROUND, AROUND))[asked] / weight
        return means

    layers = [*cv2.split(colours), alpha]
    centre = np.stack([mean(layer) for layer in layers], axis=-1)
    spread = np.empty((*centre.shape, 4), np.float32)
    for one in range(4):
        for other in range(one, 4):
            shared = mean(layers[one] * layers[other]) - centre[:, one] * centre[:, other]
            spread[:, one, other] = spread[:, other, one] = shared
    shared = spread[:, :3, 3:]
    slopes = np.linalg.solve(spread[:, :3, :3] + RIDGE * np.eye(3, dtype=np.float32), shared)
    told = np.sqrt(np.clip((slopes * shared).sum(axis=(1, 2)) / (spread[:, 3, 3] + 1e-3), 0, 1))
    said = np.clip(centre[:, 3] + (slopes[..., 0] * (colours[asked] - centre[:, :3])).sum(axis=-1), 0, 1)
    decided = alpha.copy()
    decided[asked] += lost[asked] * told * (said - alpha[asked])
    return decided


def estimate_foreground(colours: Array, alpha: Array) -> Array:
    """Estimate the colours of the foreground wherever it is not opaque; opaque pixels keep their own.

    Means over a window, weighted by alpha for the foreground and by 1 - alpha for the background, are corrected by
    alpha times what they leave unexplained of the picture: first over a large window, then over a small one. Pixels
    that look like background, whatever the matte says, count as such. So where the matte is wrong, colours stay near
    those of the opaque pixels around, while methods that solve the compositing equation take up the old background
    (docs/command_line.md has figures).

    Args:
        colours: Float RGB of shape `(H, W, 3)` in [0, 1], of the photograph.
        alpha: Floats of shape `(H, W)` in [0, 1], of the cutout (`decide_alpha`).

    Returns:
        float32 RGB of shape `(H, W, 3)` in [0, 1].

    Raises:
        ValueError: For other types, ranges and shapes.

    Reference: Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021; the doubt is ours.
    """
    colours, alpha = _checked("colours", colours), _checked("alpha", alpha)
    _check_sizes(colours, alpha)
    share = _believed(colours, alpha)
    weights = [_weights(share, window) for window in WINDOWS]
    estimated = np.empty_like(colours)
    for channel in range(3):  # one by one, for the memory of large pictures
        own = foreground = background = np.ascontiguousarray(colours[..., channel])
        for window, (front_weight, back_weight) in zip(WINDOWS, weights, strict=True):
            # What has no such pixels near keeps its colour: black around a cutout would darken it where it is resized.
            front = (cv2.blur(foreground * share, (window, window)) + TRACE * foreground) / front_weight
            background = (cv2.blur(background * (1 - share), (window, window)) + TRACE * background) / back_weight
            foreground = np.clip(front + share * (own - share * front - (1 - share) * background), 0, 1)
        estimated[..., channel] = np.where(alpha == 1, own, foreground)
    return estimated


def _believed(colours: Array, alpha: Array) -> Array:
    """Return alpha, reduced where a pixel has the mean colour of the background around it."""
    window = (WINDOWS[0], WINDOWS[0])
    front_weight, back_weight = _weights(alpha, WINDOWS[0])
    way = distance = np.float32(0)
    for channel in range(3):
        own = np.ascontiguousarray(colours[..., channel])
        background = cv2.blur(own * (1 - alpha), window) / back_weight
        difference = cv2.blur(own * alpha, window) / front_weight - background
        way = way + (own - background) * difference
        distance = distance + difference * difference
    borne_out = np.clip(way / (distance + 1e-6) / (DOUBTED * alpha + 1e-6), 0, 1)
    told = distance / (distance + APART**2)
    return np.where(alpha == 1, alpha, alpha * (1 - told * (1 - borne_out)))


def _weights(share: Array, window: int) -> list[Array]:
    return [cv2.blur(weight, (window, window)) + TRACE for weight in (share, 1 - share)]


def lay_over(colours: Array, alpha: Array, background: Array) -> Array:
    """Lay foreground colours over a background.

    Args:
        colours: Floats of shape `(H, W, 3)` in [0, 1], from `estimate_foreground`.
        alpha: Floats of shape `(H, W)` in [0, 1], of the cutout.
        background: Float RGB in [0, 1]: a picture of any size, which is scaled to cover this one and cropped about its
            centre, or a single pixel `(1, 1, 3)`.

    Returns:
        float32 of shape `(H, W, 3)` in [0, 1].

    Raises:
        ValueError: For other types, ranges and shapes.
    """
    colours, alpha, background = (
        _checked(name, x) for name, x in (("colours", colours), ("alpha", alpha), ("background", background))
    )
    _check_sizes(colours, alpha)
    behind = background if background.shape == (1, 1, 3) else cover(background, alpha.shape)
    laid: Array = behind + alpha[..., None] * (colours - behind)
    return laid


def _checked(name: str, values: Array) -> Array:
    """Return floats in [0, 1] as float32."""
    values = np.asarray(values)
    if not np.issubdtype(values.dtype, np.floating) or not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"`{name}` must be floats in [0, 1]. Received: {values.dtype} from {values.min()} to {values.max()}. "
            "Divide integers by their largest level."
        )
    return values.astype(np.float32, copy=False)


def _check_sizes(colours: Array, alpha: Array) -> None:
    if alpha.ndim != 2 or colours.shape != (*alpha.shape, 3):
        raise ValueError(
            "`colours` and `alpha` must have shapes (H, W, 3) and (H, W) of one size. Received: "
            f"{colours.shape} and {alpha.shape}"
        )


def cover(picture: Array, size: tuple[int, ...]) -> Array:
    """Scale a picture so that it covers `(height, width)` and crop it about its centre."""
    zoom = max(length / own for length, own in zip(size, picture.shape, strict=False))
    height, width = (max(length, round(zoom * own)) for length, own in zip(size, picture.shape, strict=False))
    interpolation = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    picture = cv2.resize(picture, (width, height), interpolation=interpolation)
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    return picture[top : top + size[0], left : left + size[1]]


def parse_colour(text: str) -> Array | None:
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
