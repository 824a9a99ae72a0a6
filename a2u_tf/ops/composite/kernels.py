"""From two encodings to kernel maps by `keras.ops`: group norms, affinity, projection, normalisation over the taps."""

import math

import keras
from keras import ops

from a2u_tf.ops.composite.parts import compiled_part, compiles_parts
from a2u_tf.ops.layout import depth_to_space, split_batch
from a2u_tf.ops.trace import sum_channels
from a2u_tf.types import Tensor


def affinity(encoded: Tensor, norms: Tensor, rank: int, norm_groups: int, epsilon: float) -> Tensor:
    embedded = []
    for which, x in enumerate(split_batch(encoded, 2)):
        if norm_groups:
            with keras.name_scope(f"norm_{'uv'[which]}"):
                x = _group_norm(x, norms[which], norms[2 + which], norm_groups, epsilon)
        if keras.backend.standardize_dtype(x.dtype) == "float64":  # TensorFlow rounds the slope to float32
            embedded.append(ops.where(x > 0, x, 0.01 * x))
        else:
            embedded.append(ops.leaky_relu(x, 0.01))
    return sum_channels(embedded[0] * embedded[1], groups=rank) / math.sqrt(encoded.shape[-1] // rank)


def _group_norm(x: Tensor, scale: Tensor, offset: Tensor, groups: int, epsilon: float) -> Tensor:
    """`keras.layers.GroupNormalization` in fewer passes over the map: only small arrays are cut into groups."""
    mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)
    batch, channels = ops.shape(x)[0], x.shape[-1]
    grouped = (batch, 1, 1, groups, channels // groups)
    means, variances = ops.reshape(mean, grouped), ops.reshape(variance, grouped)
    mean = ops.mean(means, axis=-1, keepdims=True)
    variance = ops.mean(variances + ops.square(means - mean), axis=-1, keepdims=True)
    factor = ops.reshape(ops.broadcast_to(ops.rsqrt(variance + epsilon), grouped), (batch, 1, 1, channels)) * scale
    mean = ops.reshape(ops.broadcast_to(mean, grouped), (batch, 1, 1, channels))
    return x * factor + (offset - mean * factor)


def kernel_maps(affinity: Tensor, projection: Tensor, scale: int, groups: int, taps: int, normalization: str) -> Tensor:
    settings = scale, taps, normalization
    # A softmax of 9 taps takes TensorFlow twice the time of one of 36, and XLA lays out the pixels in the same pass.
    if scale > 1 and normalization != "sigmoid" and compiles_parts(affinity, projection):
        return compiled_part(_kernel_maps, *settings)(affinity, projection)
    return _kernel_maps(*settings, affinity, projection)


def _kernel_maps(scale: int, taps: int, normalization: str, affinity: Tensor, projection: Tensor) -> Tensor:
    raw = affinity @ projection[:, None]  # `ops.matmul` makes float32 of float64
    kernels = raw if normalization == "softmax" else ops.sigmoid(raw)
    if normalization != "sigmoid":
        kernels = softmax_taps(kernels, taps)
    return depth_to_space(kernels, scale)


def softmax_taps(x: Tensor, taps: int) -> Tensor:
    """Normalise kernel maps `(N, H, W, groups * taps)` so that the taps of each kernel sum to 1."""
    batch, height, width, depth = ops.shape(x)
    # Rank four: TensorFlow on CPUs knows a softmax up to five, of which `tf.vectorized_map` needs one.
    kernels = ops.reshape(x, (batch, height, width * (depth // taps), taps))
    return ops.reshape(ops.softmax(kernels, axis=-1), (batch, height, width, depth))
