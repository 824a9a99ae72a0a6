"""The matting losses: the two of the released training, two more of the literature, and any mix."""

import abc
import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Array, Tensor

TARGET_CHANNELS = 11
SOBEL = np.outer([1, 2, 1], [-1, 0, 1]) / 8
BINOMIAL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256


class MattingLoss(keras.losses.Loss, abc.ABC):
    """Base of the matting losses.

    Targets have shape `(N, H, W, 11)`, all in [0, 1]: alpha, mask of the unknown region (0 or 1), and RGB of
    foreground, background and picture. Predictions are mattes of shape `(N, H, W, 1)`, raw or clipped. Losses look at
    the unknown region alone: elsewhere the trimap is the answer.
    """

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower(), **kwargs)

    def call(self, target: Tensor, prediction: Tensor) -> Tensor:
        # Broadcasting would hide other shapes.
        layers = "targets (alpha, unknown mask, foreground, background and picture)"
        for what, tensor, channels in ((layers, target, TARGET_CHANNELS), ("predictions", prediction, 1)):
            if len(shape := tuple(tensor.shape)) != 4 or shape[-1] != channels:
                raise ValueError(f"Matting {what} must have shape (N, H, W, {channels}). Received: shape={shape}")
        return self.per_picture(target, prediction)

    @abc.abstractmethod
    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        """Return the loss of each picture, shape `(N,)`."""


@keras.saving.register_keras_serializable(package="a2u_tf")
class AlphaLoss(MattingLoss):
    """Mean error of the matte: `1 / (|U| + 1) * sum sqrt(((p - alpha) m)^2 + 1e-12)`, a smooth absolute value.

    `m` is the mask of the unknown region `U`. Known pixels add 1e-6 each, as in the released code.

    Reference: Xu, Price, Cohen, Huang, "Deep Image Matting", CVPR 2017, equation 1.
    """

    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        return _mean_over_unknown(_smooth_absolute(_error(target, prediction)), target)


@keras.saving.register_keras_serializable(package="a2u_tf")
class CompositionLoss(MattingLoss):
    """Mean error of the picture composed with the matte, `p F + (1 - p) B`, summed over the three colours.

    The picture that is compared with is the target's; otherwise as `AlphaLoss`.

    Reference: Xu, Price, Cohen, Huang, "Deep Image Matting", CVPR 2017, equation 2.
    """

    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        foreground, background, picture = target[..., 2:5], target[..., 5:8], target[..., 8:11]
        composed = prediction * foreground + (1 - prediction) * background
        return _mean_over_unknown(_smooth_absolute((composed - picture) * target[..., 1:2]), target)


@keras.saving.register_keras_serializable(package="a2u_tf")
class GradientLoss(MattingLoss):
    """l1 error of the matte's gradient: `1 / (|U| + 1) * sum |d/dx (p - alpha)| + |d/dy (p - alpha)|`.

    Derivatives are Sobel's, in alpha per pixel, of mattes that agree outside the unknown region `U`; beyond the border
    the error counts as zero.

    Reference: Tang, Aksoy, Oztireli, Gross, Aydin, "Learning-Based Sampling for Natural Image Matting", CVPR 2019,
    section 4.
    """

    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        return _mean_over_unknown(ops.abs(_filtered(_error(target, prediction), SOBEL, SOBEL.T)), target)


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

    def __init__(self, levels: int = 5, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        (self.levels,) = positive_integers(levels=levels)

    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        # The pyramid is linear: the difference of two pyramids is the pyramid of the difference.
        x, total = _error(target, prediction), 0
        for level in range(self.levels - 1):
            smaller = _filtered(x, BINOMIAL)[:, ::2, ::2]
            _, height, width, _ = ops.shape(x)
            detail = x - _expanded(smaller)[:, :height, :width]
            x, total = smaller, total + 2**level * _mean_over_unknown(ops.abs(detail), target)
        return total + 2 ** (self.levels - 1) * _mean_over_unknown(ops.abs(x), target)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "levels": self.levels}


@keras.saving.register_keras_serializable(package="a2u_tf")
class WeightedSum(MattingLoss):
    """`sum_i weight_i * loss_i`, for mattes.

    Args:
        losses: List of losses: those of this package, and any of Keras. The latter get alpha and a prediction that
            equals it outside the unknown region, and average over all pixels.
        weights: List of numbers, one per loss.

    Example:

    >>> losses = a2u_tf.matting.losses
    >>> model.compile("adam", losses.WeightedSum([losses.AlphaLoss(), keras.losses.MeanSquaredError()], [1, 0.5]))
    """

    def __init__(
        self, losses: Sequence[keras.losses.Loss], weights: Sequence[float], name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        if not losses or len(losses) != len(weights) or not all(isinstance(x, keras.losses.Loss) for x in losses):
            raise ValueError(
                "`losses` and `weights` must be lists of one length, of Keras losses and of numbers. Received: "
                f"losses={losses}, weights={weights}"
            )
        self.losses = list(losses)
        self.weights = [float(weight) for weight in weights]

    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        total = 0
        for loss, weight in zip(self.losses, self.weights, strict=True):
            if isinstance(loss, MattingLoss):
                value = loss.per_picture(target, prediction)
            else:
                alpha = target[..., :1]
                value = loss.call(alpha, alpha + _error(target, prediction))
                value = ops.mean(value, axis=tuple(range(1, len(value.shape))))
            total = total + weight * value
        return total

    def get_config(self) -> dict[str, Any]:
        losses = [keras.saving.serialize_keras_object(loss) for loss in self.losses]
        return {**super().get_config(), "losses": losses, "weights": self.weights}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return cls(**{**config, "losses": [keras.saving.deserialize_keras_object(loss) for loss in config["losses"]]})


def _error(target: Tensor, prediction: Tensor) -> Tensor:
    """`(N, H, W, 1)`: the matte's error in the unknown region, zero elsewhere."""
    return (prediction - target[..., :1]) * target[..., 1:2]


def _mean_over_unknown(values: Tensor, target: Tensor) -> Tensor:
    """Sum over everything but the batch, divided by the number of unknown pixels plus one."""
    return ops.sum(values, axis=(1, 2, 3)) / (ops.sum(target[..., 1:2], axis=(1, 2, 3)) + 1)


def _smooth_absolute(x: Tensor) -> Tensor:
    return ops.sqrt(ops.square(x) + 1e-12)


def _filtered(x: Tensor, *kernels: Array) -> Tensor:
    """Correlate `(N, H, W, 1)` with each of the kernels: one channel for each."""
    filters = ops.array(np.stack(kernels, axis=-1)[:, :, None], x.dtype)
    return ops.conv(x, filters, padding="same", data_format="channels_last")


def _expanded(x: Tensor) -> Tensor:
    """Twice the size: zeros between the pixels, then the filter at four times its weight."""
    for axis in (1, 2):
        shape = list(ops.shape(x))
        shape[axis] = shape[axis] * 2
        x = ops.reshape(ops.stack([x, ops.zeros_like(x)], axis=axis + 1), shape)
    return 4 * _filtered(x, BINOMIAL)
