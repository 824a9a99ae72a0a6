"""Batch normalisation by TensorFlow's fused op."""

import types
from typing import Any

import keras
from keras import ops

from a2u_tf.ops.trace import in_xla_trace
from a2u_tf.types import Tensor


def fuse_batch_normalization(model: keras.Layer) -> None:
    """Have the `keras.layers.BatchNormalization` in a model computed by TensorFlow's fused op, which is faster.

    In a graph for inference TensorFlow makes one operation of a convolution, its normalisation and a ReLU, ReLU6, ELU
    or LeakyReLU after it. Outputs, gradients and moving statistics are those of Keras up to rounding; an empty batch
    has gradients of 0. The layers stay what they are: config, weights, saved models and copies are of the stock layer,
    so that whatever is loaded or copied is switched anew.

    The op takes maps `(N, H, W, C)` in float32, or in half precision, which Keras computes in float32, too. All else
    is left to Keras: frozen layers in training, float64, other axes and ranks, masks, `renorm`, `synchronized`; and
    traces of XLA, which fuses by itself, and whose form of the op loses digits where a mean exceeds its deviation.

    Args:
        model: Model or layer. Layers are found at any depth, once they are made: build a subclassed model first. A
            model that has run already takes the change with the next `compile`. Subclasses of the layer stay as
            they are. On JAX and torch nothing changes at all.

    Example:

    >>> model = keras.saving.load_model("model.keras")
    >>> fuse_batch_normalization(model)
    >>> model.fit(pictures, targets)
    """
    if keras.backend.backend() == "tensorflow":
        for layer in _normalizations(model):
            layer.__dict__["call"] = types.MethodType(_call, layer)  # past Keras, which tracks attributes


def unfuse_batch_normalization(model: keras.Layer) -> None:
    """Undo `fuse_batch_normalization`: all of a model's or layer's batch normalisation is computed by Keras again."""
    for layer in _normalizations(model):
        layer.__dict__.pop("call", None)


def _normalizations(model: keras.Layer) -> list[keras.layers.BatchNormalization]:
    return [layer for layer in model._flatten_layers() if type(layer) is keras.layers.BatchNormalization]


def _call(
    self: keras.layers.BatchNormalization, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
) -> Tensor:
    """`BatchNormalization.call`, with its arguments."""
    fits = len(inputs.shape) == 4 and self.axis in (-1, 3) and mask is None and not (self.renorm or self.synchronized)
    in_float32 = keras.backend.result_type(inputs.dtype, "float32") == "float32"
    frozen = training and not self.trainable
    if frozen or not fits or not in_float32 or in_xla_trace():
        return type(self).call(self, inputs, training=training, mask=mask)
    outputs = _by_batch(self, inputs) if training else _by_moving_statistics(self, inputs)
    return ops.cast(outputs, self.compute_dtype)


def _by_batch(layer: keras.layers.BatchNormalization, inputs: Tensor) -> Tensor:
    import tensorflow as tf

    inputs = ops.cast(inputs, "float32")
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs, mean=[], variance=[], is_training=True, **_affine(layer, inputs.shape[3])
    )
    # The op estimates the variance of what the batch was drawn from; Keras keeps that of the batch.
    variance *= 1 - 1 / tf.cast(tf.size(inputs, tf.int64) // inputs.shape[3], "float32")
    for moving, value in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(ops.cast(moving, "float32") * layer.momentum + value * (1 - layer.momentum))
    return outputs


def _by_moving_statistics(layer: keras.layers.BatchNormalization, inputs: Tensor) -> Tensor:
    """In the inputs' own dtype: TensorFlow makes one operation of a convolution, this one and an activation."""
    import tensorflow as tf

    mean, variance = (ops.cast(x, "float32") for x in (layer.moving_mean, layer.moving_variance))
    inputs = ops.cast(inputs, layer.compute_dtype)
    affine = _affine(layer, inputs.shape[3])
    return tf.raw_ops.FusedBatchNormV3(x=inputs, mean=mean, variance=variance, is_training=False, **affine).y


def _affine(layer: keras.layers.BatchNormalization, channels: int) -> dict[str, Any]:
    return {
        "scale": ops.cast(layer.gamma, "float32") if layer.scale else ops.ones(channels, "float32"),
        "offset": ops.cast(layer.beta, "float32") if layer.center else ops.zeros(channels, "float32"),
        "epsilon": layer.epsilon,
    }
