"""Max-unpooling: features go back to where the encoder's maxima were."""

import keras
from keras import ops

from a2u_tf.layers.base import ResamplingLayer
from a2u_tf.layers.checks import check_features, check_guidance
from a2u_tf.ops.layout import merge_phases, same, split_cells
from a2u_tf.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class MaxUnpooling2D(ResamplingLayer):
    """Places each value where the guidance has the maximum of its block, and zeros elsewhere.

    The indices are those of max-pooling the guidance by `scale x scale` without overlap; the first maximum in row-major
    order wins. Rows and columns of odd guidance that the pooling drops come back as zeros. No gradient goes to the
    guidance. There are no parameters.

    Args:
        scale: Integer >= 1, the pooling's size and stride. Default: 2. `size` is Keras' name for it.

    Call arguments:
        inputs: Float tensor of shape `(N, H // scale, W // scale, C)`.
        guidance: Float tensor of shape `(N, H, W, C)`, the feature before max-pooling.

    Output shape: `(N, H, W, C)`.
    Reference: Badrinarayanan, Kendall, Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image
    Segmentation", PAMI 2017.
    """

    def build(self, inputs_shape: Shape, guidance_shape: Shape) -> None:
        self._check(inputs_shape, guidance_shape)

    def call(self, inputs: Tensor, guidance: Tensor) -> Tensor:
        self._check(inputs.shape, guidance.shape)
        batch, rows, columns, channels = ops.shape(inputs)
        _, height, width, _ = ops.shape(guidance)
        scale = self.scale
        blocks = split_cells(guidance[:, : rows * scale, : columns * scale], (rows, columns), scale)
        blocks = ops.reshape(ops.transpose(blocks, (0, 1, 3, 5, 2, 4)), (batch, rows, columns, channels, scale**2))
        chosen = ops.cast(_first_maxima(ops.stop_gradient(blocks)), self.compute_dtype)
        outputs = ops.reshape(chosen * ops.expand_dims(inputs, -1), (batch, rows, columns, channels, scale, scale))
        outputs = merge_phases(ops.transpose(outputs, (0, 1, 4, 2, 5, 3)))
        if same(height, rows * scale) and same(width, columns * scale):
            return outputs
        return ops.pad(outputs, [[0, 0], [0, height - rows * scale], [0, width - columns * scale], [0, 0]])

    def _check(self, inputs_shape: Shape, guidance_shape: Shape) -> None:
        check_features(self, inputs_shape)
        check_guidance(guidance_shape)
        pairs = zip(inputs_shape[1:3], guidance_shape[1:3], strict=True)
        fits = all(low is None or high is None or low == high // self.scale for low, high in pairs)
        if not fits or inputs_shape[-1] != guidance_shape[-1]:
            raise ValueError(
                f"{type(self).__name__} needs guidance of the channels of its inputs, whose height and width divided "
                f"by {self.scale} and rounded down are those of the inputs. Received: inputs.shape="
                f"{tuple(inputs_shape)}, guidance.shape={tuple(guidance_shape)}. Give the feature that was max-pooled."
            )

    def compute_output_shape(self, inputs_shape: Shape, guidance_shape: Shape) -> Shape:  # type: ignore[override]
        return (*guidance_shape[:3], inputs_shape[-1])


def _first_maxima(x: Tensor) -> Tensor:
    """Whether each value of the last axis is the first of its maxima: `argmax`, which LiteRT and ONNX lack here."""
    largest = ops.max(x, axis=-1, keepdims=True, initial=float("-inf"))  # with which empty batches go, too
    largest = ops.cast(ops.equal(x, largest), "int32")
    return ops.logical_and(ops.equal(largest, 1), ops.equal(ops.cumsum(largest, axis=-1), 1))
