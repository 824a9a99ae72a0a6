"""Convolutions of very large maps, strip by strip: the same numbers from smaller pieces.

Where a map has more than 2**31 bytes, TensorFlow's convolution on a CPU (oneDNN's) first copies the window of every
pixel: 27 GB for 12 megapixels of 64 channels. The full-width network comes to that at 8 megapixels.
"""

import math

import keras
from keras import ops

from a2u_tf.types import Tensor

MAX_WHOLE = 2**31  # bytes of a map that is convolved as a whole
STRIP = 2**29  # bytes of a strip


class StripConv2D(keras.layers.Conv2D):
    """`Conv2D` for predictions by TensorFlow: large maps in horizontal strips, one after the other.

    The batch must be one picture, the stride 1, the padding "same" and the kernel odd.
    """

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        import tensorflow as tf

        depth = 4 * max(kernel.shape[-2:])  # bytes of a pixel, before or behind; half precision becomes float32 inside
        if None not in inputs.shape and math.prod(inputs.shape[:3]) * depth <= MAX_WHOLE:
            return super().convolution_op(inputs, kernel)
        size = tf.size(inputs, tf.int64) // kernel.shape[-2] * depth
        rows, columns = (length // 2 for length in kernel.shape[:2])
        height = ops.shape(inputs)[1]
        # No strip may be empty: oneDNN's convolution gives an empty map the channels of its input.
        number = tf.where(size > MAX_WHOLE, tf.clip_by_value(tf.cast(size // STRIP + 1, tf.int32), 1, height), 1)

        def convolve(index: Tensor, strips: Tensor) -> tuple[Tensor, Tensor]:
            top, bottom = height * index // number, height * (index + 1) // number
            first, last = tf.maximum(top - rows, 0), tf.minimum(bottom + rows, height)
            above, below = first - top + rows, bottom + rows - last
            strip = tf.pad(inputs[:1, first:last], [[0, 0], [above, below], [columns, columns], [0, 0]])
            strip = ops.conv(strip, kernel, padding="valid", data_format="channels_last")
            return index + 1, strips.write(index, strip[0])

        strips = tf.TensorArray(inputs.dtype, size=number, infer_shape=False)
        _, strips = tf.while_loop(lambda index, _: index < number, convolve, (0, strips), parallel_iterations=1)
        return tf.ensure_shape(strips.concat()[None], (1, *inputs.shape[1:3], kernel.shape[-1]))


def can_be_stripped(layer: keras.Operation) -> bool:
    """Whether `StripConv2D` can stand in for a layer, and spares it copies of windows."""
    return (
        type(layer) is keras.layers.Conv2D
        and layer.padding == "same"
        and set(layer.strides) == set(layer.dilation_rate) == {1}
        and layer.kernel_size != (1, 1)
        and all(length % 2 for length in layer.kernel_size)
    )
