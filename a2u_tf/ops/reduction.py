"""Sums over channels."""

from keras import ops

from a2u_tf.ops.layout import same
from a2u_tf.ops.trace import in_xla_trace
from a2u_tf.types import Tensor


def sum_channels(x: Tensor, groups: int = 1) -> Tensor:
    """Sum the channels of each of `groups` consecutive runs: `(..., C)` to `(..., groups)`."""
    *shape, channels = ops.shape(x)
    if same(groups, channels):
        return x
    if groups > 1:
        x = ops.reshape(x, (*shape, groups, channels // groups))
    if in_xla_trace():
        # XLA's CPU backend vectorises a product with ones, up to ten times faster than a sum over the last axis.
        summed = ops.matmul(x, ops.ones((channels // groups, 1), x.dtype))
        return ops.reshape(summed, (*shape, groups))
    return ops.sum(x, axis=-1, keepdims=groups == 1)
