"""The matte's error, weighed by scale: an l1 norm of its Laplacian pyramid."""

from typing import Any

import keras
import numpy as np
from keras import ops

from a2u_tf.matting.losses.matting_loss import MattingLoss, error_of, mean_over_unknown
from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Tensor

BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16


@keras.saving.register_keras_serializable(package="a2u_tf")
class LaplacianLoss(MattingLoss):
    """Error at `levels` scales: `1 / (|U| + 1) * sum_i 2^i sum |L_i(p) - L_i(alpha)|`, i from 0.

    `L_i` is level i of the Laplacian pyramid (Burt and Adelson's 5 x 5 binomial filter), of mattes that agree outside
    the unknown region `U`; the last level is what remains. Beyond the border the error counts as zero.

    Args:
        levels: Integer >= 1.

    Reference: Hou and Liu, "Context-Aware Image Matting for Simultaneous Foreground and Alpha Estimation", ICCV 2019,
    equation 2.
    """

    def __init__(self, levels: int = 5, name: str = "laplacian_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        (self.levels,) = positive_integers(levels=levels)

    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        # The pyramid is linear: the difference of two pyramids is the pyramid of the difference.
        x = error_of(target, prediction)
        total = 0
        for level in range(self.levels):
            if level < self.levels - 1:
                smaller = _blur(x)[:, ::2, ::2]
                _, height, width, _ = ops.shape(x)
                detail = x - _expand(smaller)[:, :height, :width]
            else:
                detail = x
            total = total + 2**level * mean_over_unknown(ops.abs(detail), target)
            if level < self.levels - 1:
                x = smaller
        return total

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "levels": self.levels}


def _blur(x: Tensor) -> Tensor:
    filters = ops.array(np.outer(BINOMIAL, BINOMIAL)[..., None, None], x.dtype)
    return ops.conv(x, filters, padding="same", data_format="channels_last")


def _expand(x: Tensor) -> Tensor:
    """Twice the size: zeros between the pixels, then the filter at four times its weight."""
    for axis in (1, 2):
        shape = list(ops.shape(x))
        shape[axis] = shape[axis] * 2
        x = ops.reshape(ops.stack([x, ops.zeros_like(x)], axis=axis + 1), shape)
    return 4 * _blur(x)
