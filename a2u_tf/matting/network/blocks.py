"""The bricks of the matting network, and its bottleneck."""

from typing import Any

from keras import layers, ops
from keras.initializers import VarianceScaling

from a2u_tf.layers.resampling import LAST
from a2u_tf.types import Tensor

SLOPE = 0.01  # of every LeakyReLU
DILATIONS = (6, 12, 18)
DROPOUT = 0.5


def xavier() -> VarianceScaling:
    """Xavier-normal with the gain of LeakyReLU, as the released model is initialised."""
    return VarianceScaling(2 / (1 + SLOPE**2), "fan_avg", "untruncated_normal")


def conv(filters: int, size: int, name: str, strides: int = 1, padding: str = "same") -> layers.Conv2D:
    """Make a convolution without bias."""
    settings: dict[str, Any] = {**LAST, "use_bias": False, "kernel_initializer": xavier()}
    return layers.Conv2D(filters, size, strides, padding, name=f"{name}_conv", **settings)


def conv_norm(x: Tensor, filters: int, size: int, name: str, strides: int = 1, activate: bool = True) -> Tensor:
    """Convolution without bias, batch normalisation and, unless told otherwise, LeakyReLU.

    Zero padding is `size // 2` on every side also with strides, where `padding="same"` would shift the filter.
    """
    padding = "same"
    if strides > 1 and size > 1:
        x = layers.ZeroPadding2D(size // 2, "channels_last", name=f"{name}_padding")(x)
        padding = "valid"
    return _norm(conv(filters, size, name, strides, padding)(x), name, activate)


def _norm(x: Tensor, name: str, activate: bool = True) -> Tensor:
    """Batch normalisation with the released settings and, unless told otherwise, LeakyReLU."""
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)
    return layers.LeakyReLU(SLOPE, name=f"{name}_activation")(x) if activate else x


def residual_block(x: Tensor, filters: int, name: str) -> Tensor:
    """Two 3 x 3 convolutions beside a shortcut, which is projected where the channels change."""
    shortcut = x
    if x.shape[-1] != filters:
        shortcut = conv_norm(x, filters, 1, f"{name}_projection", activate=False)
    x = conv_norm(x, filters, 3, f"{name}_1")
    x = conv_norm(x, filters, 3, f"{name}_2", activate=False)
    return join(x, shortcut, name)


def join(x: Tensor, shortcut: Tensor, name: str) -> Tensor:
    """Sum and LeakyReLU, the end of a residual block."""
    return layers.LeakyReLU(SLOPE, name=f"{name}_activation")(layers.Add(name=f"{name}_sum")([x, shortcut]))


def aspp(x: Tensor, filters: int) -> Tensor:
    """Atrous spatial pyramid pooling: the bottleneck `(N, h, w, C)` sees the map at five extents at once.

    Reference: Chen, Papandreou, Schroff, Adam, "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017;
        the dilated convolutions are depthwise-separable here.
    """
    branches = [conv_norm(x, filters, 1, "aspp_1")]
    for number, dilation in enumerate(DILATIONS, 2):
        name = f"aspp_{number}_depthwise"
        settings: dict[str, Any] = {**LAST, "use_bias": False, "depthwise_initializer": xavier()}
        depthwise = layers.DepthwiseConv2D(3, padding="same", dilation_rate=dilation, name=f"{name}_conv", **settings)
        branches.append(conv_norm(_norm(depthwise(x), name), filters, 1, f"aspp_{number}_pointwise"))
    average = layers.GlobalAveragePooling2D("channels_last", keepdims=True, name="aspp_average")(x)
    average = conv_norm(average, filters, 1, "aspp_average")
    branches.append(layers.Multiply(name="aspp_spread")([ops.ones_like(x[..., :1]), average]))
    x = layers.Concatenate(name="aspp_concatenation")(branches)
    return layers.Dropout(DROPOUT, name="aspp_dropout")(conv_norm(x, filters, 1, "aspp_merge"))
