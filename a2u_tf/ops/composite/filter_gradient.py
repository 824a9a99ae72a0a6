"""What reassembly sends back to windows that serve all pixels of a sample, by TensorFlow's depthwise convolution.

Each sample has filters of its own, which all its channels share; a depthwise convolution's filters are each channel's,
shared by the batch. With batch and channels in each other's places its gradient is the one that is asked for. It takes
less time than the matrix products of `taps`, which copy the map for each shift.
"""

from keras import ops

from a2u_tf.ops.layout import Window
from a2u_tf.types import Tensor


def filter_gradient(window: Window, features: Tensor, kernels: Tensor, upstream: Tensor) -> Tensor:
    """The gradient with respect to kernels of one pixel, `(N, 1, 1, M * kernel_size**2)`, in a TensorFlow graph.

    Of shapes that are known, with one group; `upstream` holds M batches, one after another.
    """
    import tensorflow as tf

    batch, *size, channels = features.shape
    rows, columns = window.grid(features)
    filters = kernels.shape[-1] // window.depth
    read = [(cells - 1) * window.down + window.kernel_size for cells in (rows, columns)]
    behind = [max(0, n - window.before - length) for n, length in zip(read, size, strict=True)]
    around = [[0, 0], *([window.before, n] for n in behind), [0, 0]]
    padded = ops.pad(features, around)[:, : read[0], : read[1]]
    sent = ops.transpose(ops.reshape(upstream, (filters, batch, rows, columns, channels)), (4, 2, 3, 1, 0))
    gradient = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
        input=ops.transpose(padded, (3, 1, 2, 0)),
        filter_sizes=[window.kernel_size, window.kernel_size, batch, filters],
        out_backprop=ops.reshape(sent, (channels, rows, columns, batch * filters)),
        strides=[1, window.down, window.down, 1],
        padding="VALID",
    )
    return ops.reshape(ops.transpose(gradient, (2, 3, 0, 1)), (batch, 1, 1, filters * window.depth))
