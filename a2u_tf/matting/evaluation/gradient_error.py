"""The gradient error of alpha mattes."""

import cv2
import numpy as np

from a2u_tf.types import Array

SIGMA = 1.4
_RADIUS = 4  # where the Gaussian falls below 1e-2
_TILE = 192  # side of the tiles, so small that what is computed of one stays in the processor's cache


def gradient_error(prediction: Array, target: Array, unknown: Array) -> float:
    """Sum over the unknown region of the squared difference of gradient magnitudes, over 1000.

    Each whole picture is stretched to [0, 1] first. The gradient is the convolution with 9 x 9 Gaussian derivatives of
    sigma 1.4, each of unit L2 norm, where the picture's border repeats outside. A constant picture has no gradient.

    Args:
        prediction, target: Arrays `(H, W)` of 0 to 255, both uint8 or both float64.
        unknown: Mask `(H, W)`.
    """
    smooth, derivative = derivative_filters()
    pictures = [(_pad(picture), _contrast(picture) * smooth, derivative) for picture in (prediction, target)]
    unknown = unknown.astype(np.uint8)
    total = 0.0
    for top in range(0, unknown.shape[0], _TILE):
        for left in range(0, unknown.shape[1], _TILE):
            x, y, width, height = cv2.boundingRect(unknown[top : top + _TILE, left : left + _TILE])
            x, y = left + x, top + y
            if width:
                a, b = (
                    _magnitude(padded[y : y + height + 2 * _RADIUS, x : x + width + 2 * _RADIUS], *filters)
                    for padded, *filters in pictures
                )
                total += cv2.norm(a, b, cv2.NORM_L2SQR, unknown[y : y + height, x : x + width])
    return total / 1000


def derivative_filters() -> tuple[Array, Array]:
    """Return `(smooth, derivative)`, 9 taps each; their outer product has unit L2 norm."""
    taps = np.arange(-_RADIUS, _RADIUS + 1)
    smooth = np.exp(-(taps**2) / (2 * SIGMA**2))
    derivative = -taps * smooth
    return smooth / np.linalg.norm(smooth), derivative / np.linalg.norm(derivative)


def _pad(picture: Array) -> Array:
    return cv2.copyMakeBorder(picture, _RADIUS, _RADIUS, _RADIUS, _RADIUS, cv2.BORDER_REPLICATE)


def _contrast(picture: Array) -> float:
    """The factor that stretches the range of a picture to 1; 0 for a constant one."""
    span = float(picture.max()) - float(picture.min())
    return 1 / span if span else 0.0


def _magnitude(padded: Array, smooth: Array, derivative: Array) -> Array:
    """Gradient magnitudes of a picture, without its margin of `_RADIUS`. The sign of the gradient plays no part."""
    across = cv2.sepFilter2D(padded, cv2.CV_64F, derivative, smooth)
    down = cv2.sepFilter2D(padded, cv2.CV_64F, smooth, derivative)
    return cv2.magnitude(across, down)[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS]
