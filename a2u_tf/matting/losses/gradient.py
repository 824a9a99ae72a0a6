"""The error of the matte's slopes."""

from typing import Any

import keras
import numpy as np
from keras import ops

from a2u_tf.matting.losses.matting_loss import MattingLoss, error_of, mean_over_unknown
from a2u_tf.types import Tensor

SOBEL = np.outer([1, 2, 1], [-1, 0, 1]) / 8


@keras.saving.register_keras_serializable(package="a2u_tf")
class GradientLoss(MattingLoss):
    """l1 error of the matte's gradient: `1 / (|U| + 1) * sum |d/dx (p - alpha)| + |d/dy (p - alpha)|`.

    Derivatives are Sobel's, in alpha per pixel, of mattes that agree outside the unknown region `U`; beyond the border
    the error counts as zero.

    Reference: Tang, Aksoy, Oztireli, Gross, Aydin, "Learning-Based Sampling for Natural Image Matting", CVPR 2019,
    section 4.
    """

    def __init__(self, name: str = "gradient_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        error = error_of(target, prediction)
        filters = ops.array(np.stack([SOBEL, SOBEL.T], axis=-1)[:, :, None], error.dtype)
        return mean_over_unknown(ops.abs(ops.conv(error, filters, padding="same", data_format="channels_last")), target)
