"""Foregrounds over backgrounds, and two foregrounds as one."""

import cv2
import numpy as np

from a2u_tf.types import Array


def composite(foreground: Array, background: Array, alpha: Array) -> Array:
    """Lay a foreground over a background: `foreground * alpha + background * (1 - alpha)`.

    Args:
        foreground: RGB of shape `(H, W, 3)`; values beyond `[0, 255]` are clipped.
        background: The same.
        alpha: Floats of shape `(H, W)`; values beyond `[0, 1]` are clipped.

    Returns:
        float32 of shape `(H, W, 3)` in `[0, 255]`, not rounded.

    Raises:
        ValueError: For sizes that differ.
    """
    _check_sizes(foreground, alpha)
    _check_sizes(background, alpha)
    alpha = _three_channels(np.clip(alpha, 0, 1, dtype=np.float32))
    foreground, background = (np.clip(picture, 0, 255, dtype=np.float32) for picture in (foreground, background))
    picture: Array = foreground * alpha + background * (1 - alpha)
    return picture


def merge_foregrounds(first: Array, first_alpha: Array, second: Array, second_alpha: Array) -> tuple[Array, Array]:
    """Lay the first foreground over the second, as one foreground with `alpha = 1 - (1 - first)(1 - second)`.

    The second is brought to the size of the first. Where that leaves nothing transparent, the first is returned alone:
    a picture that covers everything has no matte.

    Args:
        first: uint8 RGB of shape `(H, W, 3)`.
        first_alpha: float32 of shape `(H, W)` in `[0, 1]`.
        second: The same, of any size.
        second_alpha: The same, of the size of `second`.

    Returns:
        `(foreground, alpha)`, as `first` and `first_alpha`.

    Raises:
        ValueError: Where a foreground and its alpha differ in size.
    """
    _check_sizes(first, first_alpha)
    _check_sizes(second, second_alpha)
    size = first_alpha.shape[::-1]
    second, second_alpha = (cv2.resize(x, size, interpolation=cv2.INTER_NEAREST) for x in (second, second_alpha))
    alpha = 1 - (1 - first_alpha) * (1 - second_alpha)
    if (alpha >= 1).all():
        return first, first_alpha
    weights = first_alpha, (1 - first_alpha) * second_alpha, alpha + 1e-5
    first_weight, second_weight, total = (_three_channels(weight) for weight in weights)
    return ((first * first_weight + second * second_weight) / total).astype(np.uint8), alpha


def _three_channels(alpha: Array) -> Array:
    """Repeat alpha along the last axis: many times faster than NumPy's loop over an axis of three."""
    return cv2.merge([alpha, alpha, alpha])


def _check_sizes(picture: Array, alpha: Array) -> None:
    if alpha.ndim != 2 or picture.shape != (*alpha.shape, 3):
        raise ValueError(
            "A picture and its alpha must have shapes (H, W, 3) and (H, W) of the same size. Received: "
            f"{picture.shape} and {alpha.shape}"
        )
