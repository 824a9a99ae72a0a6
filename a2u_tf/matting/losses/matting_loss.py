"""What the matting losses share: the layout of the target, and the unknown region."""

import abc

import keras
from keras import ops

from a2u_tf.types import Tensor

TARGET_CHANNELS = 11


class MattingLoss(keras.losses.Loss, abc.ABC):
    """Base of the matting losses.

    Targets have shape `(N, H, W, 11)`, all in [0, 1]: alpha, mask of the unknown region (0 or 1), and RGB of
    foreground, background and picture. Predictions are mattes of shape `(N, H, W, 1)`, raw or clipped. Losses look at
    the unknown region alone: elsewhere the trimap is the answer.
    """

    def call(self, target: Tensor, prediction: Tensor) -> Tensor:
        # Broadcasting would hide other shapes.
        if len(target.shape) != 4 or target.shape[-1] != TARGET_CHANNELS:
            raise ValueError(
                f"Matting targets must have shape (N, H, W, {TARGET_CHANNELS}): alpha, unknown mask, foreground, "
                f"background and picture. Received: shape={tuple(target.shape)}"
            )
        if len(prediction.shape) != 4 or prediction.shape[-1] != 1:
            shape = tuple(prediction.shape)
            raise ValueError(f"Predicted mattes must have shape (N, H, W, 1). Received: shape={shape}")
        return self.per_picture(target, prediction)

    @abc.abstractmethod
    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        """Return the loss of each picture, shape `(N,)`."""


def alpha_of(target: Tensor) -> Tensor:
    return target[..., :1]


def unknown_of(target: Tensor) -> Tensor:
    return target[..., 1:2]


def error_of(target: Tensor, prediction: Tensor) -> Tensor:
    """`(N, H, W, 1)`: the matte's error in the unknown region, zero elsewhere."""
    return (prediction - alpha_of(target)) * unknown_of(target)


def mean_over_unknown(values: Tensor, target: Tensor) -> Tensor:
    """Sum over everything but the batch, divided by the number of unknown pixels plus one."""
    return ops.sum(values, axis=(1, 2, 3)) / (ops.sum(unknown_of(target), axis=(1, 2, 3)) + 1)
