"""The bricks of the matting network."""

from keras import layers
from keras.initializers import VarianceScaling

from a2u_tf.layers.resampling import LAST
from a2u_tf.types import Tensor

SLOPE = 0.01  # of every LeakyReLU
# Xavier-normal with the gain of LeakyReLU, as the released model is initialised.
XAVIER = {"scale": 2 / (1 + SLOPE**2), "mode": "fan_avg", "distribution": "untruncated_normal"}


def conv_norm(x: Tensor, filters: int, size: int, name: str, strides: int = 1, activate: bool = True) -> Tensor:
    """Convolution without bias, batch normalisation and, unless told otherwise, LeakyReLU.

    Zero padding is `size // 2` on every side also with strides, where `padding="same"` would shift the filter.
    """
    padding = "same"
    if strides > 1 and size > 1:
        x = layers.ZeroPadding2D(size // 2, "channels_last", name=f"{name}_padding")(x)
        padding = "valid"
    initializer = VarianceScaling(**XAVIER)
    convolution = layers.Conv2D(
        filters, size, strides, padding, **LAST, use_bias=False, kernel_initializer=initializer, name=f"{name}_conv"
    )
    return norm(convolution(x), name, activate)


def depthwise_conv_norm(x: Tensor, dilation: int, name: str) -> Tensor:
    """3 x 3 convolution of each channel by itself, batch normalisation and LeakyReLU."""
    initializer = VarianceScaling(**XAVIER)
    convolution = layers.DepthwiseConv2D(
        3,
        padding="same",
        dilation_rate=dilation,
        **LAST,
        use_bias=False,
        depthwise_initializer=initializer,
        name=f"{name}_conv",
    )
    return norm(convolution(x), name)


def norm(x: Tensor, name: str, activate: bool = True) -> Tensor:
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
