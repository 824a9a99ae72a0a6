"""A matted picture without its background: foreground colours, and what is laid behind them.

Where hair is half transparent, the photograph's colours are half those of the old background: laid over a new one they
show as a halo. The colours of the foreground alone are estimated from picture and matte. And where a matte is half
transparent far and wide, the old background itself shows: there, the colours decide the alpha of a cutout.
"""

import re

import cv2
import numpy as np
from PIL import ImageColor

from a2u_tf.matting.pictures.picture import check_sizes, check_unit
from a2u_tf.types import Array

COLOURS = ("black", "white", "grey", "gray", "red", "green", "blue")
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
    they are not, stay as they are. Pixels of alpha 0 and 1 do, too. Other types and ranges are a `ValueError`.

    Args:
        colours: Float RGB of shape `(H, W, 3)` in [0, 1], of the photograph.
        alpha: Floats of shape `(H, W)` in [0, 1], the matte.

    Returns:
        float32 of shape `(H, W)` in [0, 1].

    Reference: the regression of alpha on colours in a window is that of Levin, Lischinski and Weiss, "A Closed-Form
        Solution to Natural Image Matting", TPAMI 2008; its weights and where it counts are ours.
    """
    colours, alpha = _checked(colours=colours, alpha=alpha)
    lost = np.clip(2 * cv2.blur(4 * alpha * (1 - alpha), (WIDE, WIDE)), 0, 1) ** 3
    asked = (alpha > 0) & (alpha < 1) & (lost > 0.01)
    sure = (2 * alpha - 1) ** 4 + 1e-3
    weight = cv2.blur(sure, (AROUND, AROUND))[asked]

    def mean(values: Array) -> Array:
        return np.asarray(cv2.blur(sure * values, (AROUND, AROUND))[asked] / weight)

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
    (docs/command_line.md has figures). Other types and ranges are a `ValueError`.

    Args:
        colours: Float RGB of shape `(H, W, 3)` in [0, 1], of the photograph.
        alpha: Floats of shape `(H, W)` in [0, 1], of the cutout (`decide_alpha`).

    Returns:
        float32 RGB of shape `(H, W, 3)` in [0, 1].

    Reference: Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021; the doubt is ours.
    """
    colours, alpha = _checked(colours=colours, alpha=alpha)
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
    for own in cv2.split(colours):
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
    """Lay colours `(H, W, 3)` of `estimate_foreground` over a background: float32, all in [0, 1].

    The background is one pixel `(1, 1, 3)`, or a picture of any size, scaled to cover this one and cropped about its
    centre.
    """
    colours, alpha, background = _checked(colours=colours, alpha=alpha, background=background)
    behind = background if background.shape == (1, 1, 3) else cover(background, alpha.shape)
    return np.asarray(behind + alpha[..., None] * (colours - behind))


def _checked(**given: Array) -> list[Array]:
    """Return floats in [0, 1] as float32."""
    arrays = {name: np.asarray(values) for name, values in given.items()}
    for name, values in arrays.items():
        check_unit(name, values)
    check_sizes(arrays["colours"], arrays["alpha"], "`colours` and `alpha`")
    return [values.astype(np.float32, copy=False) for values in arrays.values()]


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
    if text in COLOURS or re.fullmatch("#([0-9a-f]{3}){1,2}", text):
        return np.array([[ImageColor.getrgb(text)]], np.uint8)
    return None
