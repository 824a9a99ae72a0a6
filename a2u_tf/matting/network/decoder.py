"""The decoder: four stages of upsampling, skip connection and two residual blocks, then the alpha matte.

x -> up(x) + conv3x3(skip) -> residual block -> residual block        strides 16 -> 8 -> 4 -> 2 -> 1
"""

from keras import layers
from keras.initializers import VarianceScaling

from a2u_tf.layers.resampling import LAST, Resampling
from a2u_tf.matting.network.blocks import XAVIER, conv_norm, residual_block
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.types import Tensor


def decode(
    x: Tensor, features: list[Tensor], guides: list[Tensor], channels: list[int], resampling: Resampling
) -> Tensor:
    """Build the decoder.

    Args:
        x: Keras tensor at stride 16.
        features: The encoder's maps at strides 1, 2, 4 and 8.
        guides: What guides the upsampling of levels 1 to 4.
        channels: Output channels of the stages at strides 1, 2, 4 and 8.
        resampling: `Resampling`.

    Returns:
        Keras tensor at stride 1, with `channels[0]` channels.
    """
    for level in (4, 3, 2, 1):
        skip = conv_norm(features[level - 1], x.shape[-1], 3, f"skip_{level}")
        up = resampling.up(x, guides[level - 1], level)
        x = layers.Add(name=f"decoder_{level}_sum")([up, skip])
        for number in (1, 2):
            x = residual_block(x, channels[level - 1], f"decoder_{level}_{number}")
    return x


def head(x: Tensor) -> Tensor:
    """Build the last two convolutions; returns the matte, `(N, H, W, 1)` in float32 at least, not squashed."""
    x = conv_norm(x, 1, 3, "head")
    initializer = VarianceScaling(**XAVIER)
    x = layers.Conv2D(1, 3, padding="same", **LAST, use_bias=False, kernel_initializer=initializer, name="alpha_conv")(
        x
    )
    return layers.Activation("linear", dtype=wide_dtype(x.dtype), name="alpha")(x)
