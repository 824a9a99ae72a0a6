"""The image-reconstruction network of the paper's supplementary, section A: an auto-encoder for small pictures.

    image -> C(32) D2 C(64) D2 C(128) D2 C(256) C(128) U2 C(64) U2 C(32) U2 C(1) -> reconstruction

C(k) is a 3x3 convolution to k channels, batch normalisation and ReLU; D2 and U2 are the down- and upsampling under
study. There is no skip connection: all that crosses is the bottleneck, and A2U's kernels. These come from the encoder
feature before each D2 and serve the decoder stage of the same resolution.

Reference: Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021, supplementary A.
"""

import keras
from keras import layers

from a2u_tf.layers.resampling import Resampling
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.training.fused_normalization import fuse_batch_normalization
from a2u_tf.types import Tensor

ENCODER = (32, 64, 128)
BOTTLENECK = (256, 128)
DECODER = (64, 32)


def reconstruction_net(
    upsampling: str | Resampling = "a2u",
    downsampling: str | None = "max_pool",
    variant: str = "dynamic",
    channel_shared: bool = True,
    kernel_size: int = 1,
    encoding_size: int | None = 2,
    input_shape: tuple[int | None, ...] = (32, 32, 1),
    normalization: str = "auto",
    rank: int = 4,
    projection_initializer: str = "zeros",
) -> keras.Model:
    """Build the auto-encoder as a functional Keras model.

    Args:
        upsampling: One of `a2u_tf.layers.UPSAMPLERS`, or a `Resampling`, which says all but `input_shape`.
        downsampling: `"conv"` (3x3, stride 2), `"max_pool"` (2x2), `"a2u"`, `"indexnet"` with an IndexNet upsampling,
            or None: the upsampling's partner, see `Resampling`, else `"max_pool"`.
        variant: A2U variant: `"static"`, `"hybrid"` or `"dynamic"`.
        channel_shared: Whether one A2U encoding filter serves all channels.
        kernel_size: Side of A2U's upsampling kernels; its downsampling kernels have twice that. With one tap the
            encoder says where in each cell a value belongs, as in max-unpooling; larger kernels average,
            and lose what the downsampling left.
        encoding_size: Side of A2U's encoding filters. The default sees the cell that a kernel of one tap serves and no
            more: larger ones blur what they tell apart. None: 6, see `A2UKernels`.
        input_shape: Height, width (multiples of 8, or None) and channels of the pictures.
        normalization: Of A2U's upsampling kernels: `"auto"`, `"softmax"` or `"sigmoid"`, see `A2UKernels`.
        rank: Of A2U's affinity: of how many numbers a cell kernels are made. With 1, as in the paper, kernels of one
            tap hardly tell the four pixels of a cell apart.
        projection_initializer: Of A2U's projections to kernels, see `A2UKernels`. With the default all kernels start
            half open; from `"released"` seeds ended lower on the mean, after few steps by several dB.

    Returns:
        Model from `image`, float `(N, height, width, channels)` in [0, 1], to its reconstruction, at
        least 0, `(N, height, width, channels)` in float32, or float64 where the dtype policy says so.

    Raises:
        ValueError: For an unknown method or a size that is not a multiple of 8.
    """
    resampling = Resampling.of(
        upsampling,
        Resampling("a2u", "max_pool", kernel_size=1, encoding_size=2, rank=4, projection_initializer="zeros"),
        own="max_pool",
        downsampling=downsampling,
        variant=variant,
        channel_shared=channel_shared,
        kernel_size=kernel_size,
        encoding_size=encoding_size,
        normalization=normalization,
        rank=rank,
        projection_initializer=projection_initializer,
    )
    if len(input_shape) != 3 or any(size is not None and size % 8 for size in input_shape[:2]):
        raise ValueError(
            "`input_shape` must be (height, width, channels) with height and width multiples of 8, or None. "
            f"Received: input_shape={input_shape}. Pad or resize the pictures."
        )
    x = image = keras.Input(input_shape, name="image")
    guides = []
    for level, filters in enumerate(ENCODER, 1):
        x = _conv_norm_relu(x, filters, f"encoder_{level}")
        guides.append(resampling.guide(x, level))
        if resampling.downsampling == "conv":
            x = layers.Conv2D(filters, 3, 2, "same", "channels_last", name=f"downsampling_{level}")(x)
        else:
            x = resampling.down(x, guides[-1], level)
    for stage, filters in enumerate(BOTTLENECK, 1):
        x = _conv_norm_relu(x, filters, f"bottleneck_{stage}")
    for level, channels in zip((3, 2, 1), (*DECODER, input_shape[-1]), strict=True):
        x = resampling.up(x, guides[level - 1], level)
        x = _conv_norm_relu(x, channels, f"decoder_{level}")
    reconstruction = layers.Activation("linear", dtype=wide_dtype(x.dtype), name="reconstruction")(x)
    model = keras.Model(image, reconstruction, name=f"reconstruction_{resampling.upsampling}")
    fuse_batch_normalization(model)
    return model


def _conv_norm_relu(x: Tensor, filters: int | None, name: str) -> Tensor:
    """C(k); momentum and epsilon are the defaults of the framework that the paper used."""
    x = layers.Conv2D(filters, 3, 1, "same", "channels_last", use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
