"""Encoder and decoder, with the resampling under study between their stages.

The encoder is ResNet-34 without its first two strides, which the ImageNet stem has by itself; here its 7 x 7
convolution has stride 1 and two downsamplings follow:

    input (1) -> stem (1) -> 1/2 -> stage 1 (1/4): 3 blocks -> stage 2 (1/8): 4 blocks -> stage 3 (1/16): 4 blocks

The decoder goes back from stride 16, over 8, 4 and 2, to 1, in four stages:

    x -> up(x) + conv3x3(skip) -> residual block -> residual block
"""

from keras import layers

from a2u_tf.layers.resampling import Resampling
from a2u_tf.matting.network.blocks import conv, conv_norm, join, residual_block
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.types import Tensor


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


def decode(
    x: Tensor, features: list[Tensor], guides: list[Tensor], channels: list[int], resampling: Resampling
) -> Tensor:
    """Build the decoder on a Keras tensor at stride 16; features and channels are those at strides 1, 2, 4 and 8."""
    for level in (4, 3, 2, 1):
        skip = conv_norm(features[level - 1], x.shape[-1], 3, f"skip_{level}")
        up = resampling.up(x, guides[level - 1], level)
        x = layers.Add(name=f"decoder_{level}_sum")([up, skip])
        for number in (1, 2):
            x = residual_block(x, channels[level - 1], f"decoder_{level}_{number}")
    return x


def head(x: Tensor) -> Tensor:
    """Build the last two convolutions; returns the matte, `(N, H, W, 1)` in float32 at least, not squashed."""
    x = conv(1, 3, "alpha")(conv_norm(x, 1, 3, "head"))
    return layers.Activation("linear", dtype=wide_dtype(x.dtype), name="alpha")(x)
