"""Adam with a learning rate of its own for some layers, by TensorFlow's operation where there is one."""

import re
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from a2u_tf.types import Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class LayerwiseAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` whose learning rate is scaled by factors, for fine-tuning a pretrained part slowly.

    `keras.optimizers.MultiOptimizer` would do for the rates alone; it clips the gradients of each part by themselves
    and has no learning rate that TensorBoard could log.

    On TensorFlow one operation updates a variable, where Keras's Adam takes some thirty: a training's first step, in
    which they are traced and optimized, comes sooner. `amsgrad` and sparse gradients are left to Keras.

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
        index = self._get_variable_index(variable)
        path = self._trainable_variables[index].path
        factor = next((factor for pattern, factor in self.factors.items() if re.search(pattern, path)), 1)
        learning_rate = learning_rate * factor
        if keras.backend.backend() == "tensorflow" and not self.amsgrad:
            import tensorflow as tf

            if isinstance(gradient, tf.Tensor):
                self._update_by_operation(gradient, variable, learning_rate, index)
                return
        super().update_step(gradient, variable, learning_rate)

    def _update_by_operation(self, gradient: Tensor, variable: Any, learning_rate: Tensor, index: int) -> None:
        import tensorflow as tf

        # The powers as Keras makes them: of numbers that `cast` takes for float32.
        steps = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=ops.cast(self.beta_1, variable.dtype) ** steps,
            beta2_power=ops.cast(self.beta_2, variable.dtype) ** steps,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factors": self.factors}
