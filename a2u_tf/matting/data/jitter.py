"""Random colours of a foreground: hue, saturation and value."""

import cv2
import numpy as np

from a2u_tf.types import Array


def jitter(foreground: Array, alpha: Array, hue: float, saturation: float, value: float) -> Array:
    """Turn the hue of a foreground, and shift its saturation and value by a little.

    With `m` the mean saturation where alpha is above 0, the saturation `S` becomes
    `abs(S + (1.1 - m) * (saturation / 5 - 1 / 10))`, mirrored at 1; the value likewise. So pale colours move most.

    Args:
        foreground: uint8 RGB of shape `(H, W, 3)`.
        alpha: Floats of shape `(H, W)` in `[0, 1]`. Where it is 0 everywhere, the foreground remains as it is.
        hue: Degrees to add.
        saturation: Number in `[0, 1]`; 0.5 leaves the saturation as it is.
        value: The same for the value.

    Returns:
        float32 of shape `(H, W, 3)`, within `[0, 255]` up to rounding.
    """
    rgb = foreground.astype(np.float32)
    seen = (alpha > 0).astype(np.uint8)
    if not seen.any():
        return rgb
    hues, saturations, values = cv2.split(cv2.cvtColor(rgb / 255, cv2.COLOR_RGB2HSV))
    hues = (hues + np.float32(hue)) % 360
    saturations, values = (
        _shift(levels, cv2.mean(levels, seen)[0], amount)
        for levels, amount in ((saturations, saturation), (values, value))
    )
    return cv2.cvtColor(cv2.merge([hues, saturations, values]), cv2.COLOR_HSV2RGB) * 255


def _shift(levels: Array, mean: float, amount: float) -> Array:
    """Shift the levels by up to a tenth of 1.1 - mean, mirrored at 0 and 1."""
    levels = np.abs(levels + np.float32((1.1 - mean) * (amount / 5 - 1 / 10)))
    return np.where(levels > 1, 2 - levels, levels)
