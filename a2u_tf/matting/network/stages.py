"""Encoder, bottleneck and decoder, with the resampling under study between their stages.

The encoder is ResNet-34 without its first two strides, which the ImageNet stem has by itself; here its 7 x 7
convolution has stride 1 and two downsamplings follow:

    input (1) -> stem (1) -> 1/2 -> stage 1 (1/4): 3 blocks -> stage 2 (1/8): 4 blocks -> stage 3 (1/16): 4 blocks

The decoder goes back from stride 16, over 8, 4 and 2, to 1, in four stages:

    x -> up(x) + conv3x3(skip) -> residual block -> residual block
"""

from typing import Any

from keras import layers, ops
from keras.initializers import Constant, Initializer, VarianceScaling

from a2u_tf.layers.resampling import LAST, Resampling
from a2u_tf.matting.network.order import After
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.types import Tensor

SLOPE = 0.01  # of every LeakyReLU


def encode(x: Tensor, channels: list[int], resampling: Resampling) -> tuple[list[Tensor], list[Tensor]]:
    """Build the encoder on a Keras tensor `(N, H, W, 4)`, with the channels of stem, stage 2 and stage 3.

    Returns:
        `(features, guides)`: five maps at strides 1 (the input itself), 2, 4, 8 and 16, and what guides the upsampling
        of levels 1 to 4.
    """
    stem, *deep = channels
    features, guides = [x], []
    x = conv_norm(x, stem, 7, "encoder_stem")
    for level in (1, 2):
        guides.append(resampling.guide(x, level))
        if resampling.downsampling == "conv":
            x = conv_norm(x, stem, 3, f"encoder_downsampling_{level}", strides=2)
        else:
            x = resampling.down(x, guides[-1], level)
        if level == 1:
            features.append(x)
    for number in (1, 2, 3):
        x = residual_block(x, stem, f"encoder_1_{number}")
    features.append(x)
    for stage, filters in enumerate(deep, 2):
        x, guide = _down_block(x, filters, stage + 1, resampling, f"encoder_{stage}_1")
        guides.append(guide)
        for number in (2, 3, 4):
            x = residual_block(x, filters, f"encoder_{stage}_{number}")
        features.append(x)
    return features, guides


def _down_block(x: Tensor, filters: int, level: int, resampling: Resampling, name: str) -> tuple[Tensor, Tensor]:
    """A residual block that halves the map between its two convolutions."""
    shortcut = conv_norm(x, filters, 1, f"{name}_projection", strides=2, activate=False)
    x = conv_norm(x, filters, 3, f"{name}_1")
    guide = resampling.guide(x, level)
    strides = 2 if resampling.downsampling == "conv" else 1
    if strides == 1:
        x = resampling.down(x, guide, level)
    x = conv_norm(x, filters, 3, f"{name}_2", strides=strides, activate=False)
    return join(x, shortcut, name), guide


def decode(x: Tensor, skips: list[Tensor], guides: list[Tensor], filters: list[int], resampling: Resampling) -> Tensor:
    """Build the decoder on a Keras tensor at stride 16; skips and filters are those at strides 1, 2, 4 and 8."""
    deeper = [*skips[1:], x]
    for level in (4, 3, 2, 1):
        # Else the map at stride 1 would be made beside the stem's, which is larger than all that come after.
        skip = After(name=f"skip_{level}_order")(skips[level - 1], deeper[level - 1])
        skip = conv_norm(skip, x.shape[-1], 3, f"skip_{level}")
        up = resampling.up(x, guides[level - 1], level)
        x = layers.Add(name=f"decoder_{level}_sum")([up, skip])
        for number in (1, 2):
            x = residual_block(x, filters[level - 1], f"decoder_{level}_{number}")
    return x


def head(x: Tensor) -> Tensor:
    """Build the last two convolutions; returns the matte, `(N, H, W, 1)` in float32 at least, not squashed.

    The last filter starts as an average. Of filters drawn as the others are, every other one has a negative sum: then
    alpha is made on the negative side of the LeakyReLU before it, which passes a hundredth of the gradient, and
    training stands at 0 for hundreds of steps (results/start.md).
    """
    x = conv_norm(x, 1, 3, "head")
    x = conv(1, 3, "alpha", start=Constant(1 / 9))(x)
    return layers.Activation("linear", dtype=wide_dtype(x.dtype), name="alpha")(x)


def xavier() -> VarianceScaling:
    """Xavier-normal with the gain of LeakyReLU, as the released model is initialised."""
    return VarianceScaling(2 / (1 + SLOPE**2), "fan_avg", "untruncated_normal")


def conv(
    filters: int, size: int, name: str, strides: int = 1, padding: str = "same", start: Initializer | None = None
) -> layers.Conv2D:
    """Make a convolution without bias."""
    settings: dict[str, Any] = {**LAST, "use_bias": False, "kernel_initializer": start or xavier()}
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
    shortcut, projection = x, None
    if x.shape[-1] != filters:  # before the others: each draws its seed when it is made
        projection = conv(filters, 1, f"{name}_projection")
    x = conv_norm(x, filters, 3, f"{name}_1")
    x = conv_norm(x, filters, 3, f"{name}_2", activate=False)
    if projection is not None:
        shortcut = projection(After(name=f"{name}_order")(shortcut, x))
        shortcut = _norm(shortcut, f"{name}_projection", activate=False)
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
    for number, dilation in enumerate((6, 12, 18), 2):
        name = f"aspp_{number}_depthwise"
        settings: dict[str, Any] = {**LAST, "use_bias": False, "depthwise_initializer": xavier()}
        depthwise = layers.DepthwiseConv2D(3, padding="same", dilation_rate=dilation, name=f"{name}_conv", **settings)
        branches.append(conv_norm(_norm(depthwise(x), name), filters, 1, f"aspp_{number}_pointwise"))
    average = layers.GlobalAveragePooling2D("channels_last", keepdims=True, name="aspp_average")(x)
    average = conv_norm(average, filters, 1, "aspp_average")
    branches.append(layers.Multiply(name="aspp_spread")([ops.ones_like(x[..., :1]), average]))
    x = layers.Concatenate(name="aspp_concatenation")(branches)
    x = conv_norm(x, filters, 1, "aspp_merge")  # before the dropout: each draws its seed when it is made
    return layers.Dropout(0.5, name="aspp_dropout")(x)
