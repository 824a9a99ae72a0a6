"""Adam with a learning rate of its own for some layers."""

import re
from collections.abc import Mapping
from typing import Any

import keras

from a2u_tf.types import Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class LayerwiseAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` whose learning rate is scaled by factors, for fine-tuning a pretrained part slowly.

    `keras.optimizers.MultiOptimizer` would do for the rates alone; it clips the gradients of each part by themselves
    and has no learning rate that TensorBoard could log.

    Args:
        factors: Dict from regular expressions to factors. The first expression that is found in a variable's path
            decides; without one the factor is 1.
        **kwargs: Of `keras.optimizers.Adam`.

    Example:

    >>> optimizer = LayerwiseAdam(0.01, factors={"encoder_": 0.01})  # the encoder learns at 1e-4
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.001,
        factors: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.factors = dict(factors or {})
        wrong = {pattern: factor for pattern, factor in self.factors.items() if not factor >= 0}
        if wrong:
            raise ValueError(f"`factors` must be numbers of at least 0. Received: {wrong}")

    def update_step(self, gradient: Tensor, variable: keras.Variable, learning_rate: Tensor) -> None:
        # TensorFlow hands over its own variable, which has no path.
        path = self._trainable_variables[self._get_variable_index(variable)].path
        factor = next((factor for pattern, factor in self.factors.items() if re.search(pattern, path)), 1)
        super().update_step(gradient, variable, learning_rate * factor)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factors": self.factors}
