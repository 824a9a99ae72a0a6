"""Adaptive average pooling for maps whose size is not known before they come."""

from keras import ops

from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.ops.layout import Size
from a2u_tf.types import Tensor


def adaptive_average_pool(x: Tensor, size: int) -> Tensor:
    """Average a map over `size x size` bins of which bin `i` covers `floor(i L / size)` to `ceil((i + 1) L / size)`.

    `keras.ops.adaptive_average_pool` needs static sizes on TensorFlow; two small matrix products do not. Half
    precisions are averaged in float32.
    """
    batch, height, width, channels = ops.shape(x)
    dtype = x.dtype
    x = ops.cast(x, wide_dtype(dtype))
    # Not by `einsum`, which LiteRT's converter spoils where the batch is open.
    rows = _bins(height, size, x.dtype) @ ops.reshape(x, (batch, height, width * channels))
    rows = ops.reshape(rows, (batch * size, width, channels))
    pooled = _bins(width, size, x.dtype) @ rows
    return ops.cast(ops.reshape(pooled, (batch, size, size, channels)), dtype)


def _bins(length: Size, size: int, dtype: str) -> Tensor:
    """Averaging matrix of shape `(size, length)`."""
    bins = ops.arange(size, dtype="int32")[:, None]
    start = bins * length // size
    end = ((bins + 1) * length + size - 1) // size
    positions = ops.arange(length, dtype="int32")[None]
    inside = ops.logical_and(positions >= start, positions < end)
    return ops.cast(inside, dtype) / ops.cast(end - start, dtype)
