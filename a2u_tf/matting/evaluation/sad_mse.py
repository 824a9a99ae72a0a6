"""Sum of absolute differences, and mean squared error, of alpha mattes."""

import numpy as np

from a2u_tf.types import Array


def sad(prediction: Array, target: Array, unknown: Array) -> float:
    """Sum over the unknown region of the absolute difference of alpha in [0, 1], over 1000.

    Args:
        prediction, target: Arrays `(H, W)` of 0 to 255, both uint8 or both float64.
        unknown: Mask `(H, W)`.
    """
    return float(np.abs(_differences(prediction, target, unknown)).sum() / 255 / 1000)


def mse(prediction: Array, target: Array, unknown: Array) -> float:
    """Mean over the unknown region of the squared difference of alpha in [0, 1]; NaN without unknown pixels."""
    differences = _differences(prediction, target, unknown)
    if differences.size == 0:
        return float("nan")
    return float(np.square(differences).sum() / 255**2 / differences.size)


def _differences(prediction: Array, target: Array, unknown: Array) -> Array:
    """Signed, on the scale of 0 to 255; exact for uint8."""
    if prediction.dtype == np.uint8:
        return prediction[unknown].astype(np.int32) - target[unknown]
    return prediction[unknown] - target[unknown]
