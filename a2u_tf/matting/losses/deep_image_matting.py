"""The two losses of the released training."""

from typing import Any

import keras
from keras import ops

from a2u_tf.matting.losses.matting_loss import MattingLoss, error_of, mean_over_unknown, unknown_of
from a2u_tf.types import Tensor

EPSILON = 1e-6


@keras.saving.register_keras_serializable(package="a2u_tf")
class AlphaLoss(MattingLoss):
    """Mean error of the matte: `1 / (|U| + 1) * sum sqrt(((p - alpha) m)^2 + 1e-12)`, a smooth absolute value.

    `m` is the mask of the unknown region `U`. Known pixels add 1e-6 each, as in the released code.

    Reference: Xu, Price, Cohen, Huang, "Deep Image Matting", CVPR 2017, equation 1.
    """

    def __init__(self, name: str = "alpha_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        return mean_over_unknown(_smooth_absolute(error_of(target, prediction)), target)


@keras.saving.register_keras_serializable(package="a2u_tf")
class CompositionLoss(MattingLoss):
    """Mean error of the picture composed with the matte, `p F + (1 - p) B`, summed over the three colours.

    The picture that is compared with is the target's; otherwise as `AlphaLoss`.

    Reference: Xu, Price, Cohen, Huang, "Deep Image Matting", CVPR 2017, equation 2.
    """

    def __init__(self, name: str = "composition_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def per_picture(self, target: Tensor, prediction: Tensor) -> Tensor:
        foreground, background, picture = target[..., 2:5], target[..., 5:8], target[..., 8:11]
        composed = prediction * foreground + (1 - prediction) * background
        return mean_over_unknown(_smooth_absolute((composed - picture) * unknown_of(target)), target)


def _smooth_absolute(x: Tensor) -> Tensor:
    return ops.sqrt(ops.square(x) + EPSILON**2)
