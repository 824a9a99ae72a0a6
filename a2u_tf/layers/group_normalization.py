"""Group normalisation by the statistics of each channel."""

import keras
from keras import ops

from a2u_tf.types import Tensor


class GroupNormalization(keras.layers.GroupNormalization):
    """Keras's layer for maps `(N, H, W, C)`, with the same weights and numbers in fewer passes.

    Statistics of channels are combined to those of groups, so that only small arrays are reshaped, and what is left to
    do to the map is one product and one sum.
    """

    def call(self, inputs: Tensor) -> Tensor:
        mean, variance = ops.moments(inputs, axes=(1, 2), keepdims=True)
        batch, channels = ops.shape(inputs)[0], inputs.shape[-1]
        grouped = (batch, 1, 1, self.groups, channels // self.groups)
        means, variances = ops.reshape(mean, grouped), ops.reshape(variance, grouped)
        mean = ops.mean(means, axis=-1, keepdims=True)
        variance = ops.mean(variances + ops.square(means - mean), axis=-1, keepdims=True)
        factor = ops.broadcast_to(ops.rsqrt(variance + self.epsilon), grouped)
        factor = ops.reshape(factor, (batch, 1, 1, channels)) * self.gamma
        mean = ops.reshape(ops.broadcast_to(mean, grouped), (batch, 1, 1, channels))
        return inputs * factor + (self.beta - mean * factor)
