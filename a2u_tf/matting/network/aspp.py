"""Atrous spatial pyramid pooling: the bottleneck sees the map at five extents at once.

Reference: Chen, Papandreou, Schroff, Adam, "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017; the
dilated convolutions are depthwise-separable here.
"""

from keras import layers, ops

from a2u_tf.matting.network.blocks import conv_norm, depthwise_conv_norm
from a2u_tf.types import Tensor

DILATIONS = (6, 12, 18)
DROPOUT = 0.5


def aspp(x: Tensor, filters: int) -> Tensor:
    """Build the pyramid on a Keras tensor `(N, h, w, C)`; returns `(N, h, w, filters)`."""
    branches = [conv_norm(x, filters, 1, "aspp_1")]
    for number, dilation in enumerate(DILATIONS, 2):
        branch = depthwise_conv_norm(x, dilation, f"aspp_{number}_depthwise")
        branches.append(conv_norm(branch, filters, 1, f"aspp_{number}_pointwise"))
    average = layers.GlobalAveragePooling2D("channels_last", keepdims=True, name="aspp_average")(x)
    average = conv_norm(average, filters, 1, "aspp_average")
    branches.append(layers.Multiply(name="aspp_spread")([ops.ones_like(x[..., :1]), average]))
    x = layers.Concatenate(name="aspp_concatenation")(branches)
    x = conv_norm(x, filters, 1, "aspp_merge")
    return layers.Dropout(DROPOUT, name="aspp_dropout")(x)
