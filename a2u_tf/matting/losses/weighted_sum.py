"""Any mix of losses."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import keras
from keras import ops

from a2u_tf.matting.losses.matting_loss import MattingLoss, alpha_of, error_of
from a2u_tf.types import Tensor


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
        self, losses: Sequence[keras.losses.Loss], weights: Sequence[float], name: str = "weighted_sum", **kwargs: Any
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
                alpha = alpha_of(target)
                value = loss.call(alpha, alpha + error_of(target, prediction))
                value = ops.mean(value, axis=tuple(range(1, len(value.shape))))
            total = total + weight * value
        return total

    def get_config(self) -> dict[str, Any]:
        losses = [keras.saving.serialize_keras_object(loss) for loss in self.losses]
        return {**super().get_config(), "losses": losses, "weights": self.weights}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        config = dict(config)
        config["losses"] = [keras.saving.deserialize_keras_object(loss) for loss in config["losses"]]
        return cls(**config)
