"""The deep image matting network of the A2U paper.

    image + trimap (4 channels) -> encoder -> features at strides 1, 2, 4, 8, 16; guides of four levels: A2U's kernels
                                -> aspp at stride 16
                                -> decoder: up(x, guide) + skip, four times
                                -> head -> alpha

The input is the RGB picture, normalised by ImageNet's mean and standard deviation, and the trimap in [0, 1]; the output
is a matte that nothing squashes: losses see it raw, and `a2u_tf.matting.MattingModel` clips it.

Reference: Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021, section 4; wiring and
settings are those of the released model.
"""

import numbers
import warnings
from collections.abc import Sequence
from pathlib import Path

import keras

from a2u_tf.layers.resampling import Resampling
from a2u_tf.matting.network.stages import aspp, decode, encode, head
from a2u_tf.training.fused_normalization import fuse_batch_normalization

STRIDE = 16  # of the deepest map: sizes are multiples of it
ENCODERS = {"resnet34": (64, 128, 256)}
DECODER = (32, 64, 64, 128)  # at strides 1, 2, 4, 8
ASPP = 256
SHIPPED = {"small": Path(__file__).parents[1] / "weights" / "small.weights.h5"}  # docs/small_model.md


def matting_net(
    upsampling: str | Resampling = "a2u",
    downsampling: str | None = "a2u",
    variant: str = "dynamic",
    channel_shared: bool = True,
    kernel_size: int = 3,
    encoding_size: int | None = None,
    width: float = 1.0,
    encoder: str = "resnet34",
    weights: Path | str | None = None,
    input_size: tuple[int | None, int | None] = (None, None),
    normalization: str = "auto",
) -> keras.Model:
    """Build the matting network as a functional Keras model.

    Args:
        upsampling: One of `a2u_tf.layers.UPSAMPLERS`, or a `Resampling`, which says A2U's settings, too.
        downsampling: `"conv"` (stride 2), `"max_pool"`, `"a2u"`, `"indexnet"` with an IndexNet upsampling, or None: the
            upsampling's partner, see `Resampling`, else `"max_pool"`.
        variant: A2U variant: `"static"`, `"hybrid"` or `"dynamic"`.
        channel_shared: Whether one A2U encoding filter serves all channels.
        kernel_size: Odd side of A2U's upsampling kernels; its downsampling kernels have twice that.
        encoding_size: Side of A2U's encoding filters. Default: 6, see `A2UKernels`.
        width: Factor on the channels of every layer, for small machines.
        encoder: `"resnet34"`.
        weights: `"small"` for the weights that come with this package, of a network of `width=0.25` and otherwise the
            defaults (docs/small_model.md); path of a `.weights.h5` file of the same network; or None, random weights.
        input_size: Height and width, multiples of 16, or None where they vary.
        normalization: Of A2U's upsampling kernels: `"auto"`, `"softmax"` or `"sigmoid"`, see `A2UKernels`.

    Returns:
        Model from `input`, float `(N, H, W, 4)`, to `alpha`, `(N, H, W, 1)` in float32, or float64 where the dtype
        policy says so. Without A2U it has 8,049,003 trainable parameters; dynamic A2U in both directions adds 40,232
        (channel-shared) or 220,448, and `"conv"` adds 73,984.

    Raises:
        ValueError: For unknown methods, a width that is not positive or a size that is not a multiple of 16, and where
            `weights` are those of another network.
        FileNotFoundError: Where `weights` names no file.
    """
    if encoder not in ENCODERS:
        raise ValueError(f"`encoder` must be one of {tuple(ENCODERS)}. Received: encoder={encoder!r}")
    if not isinstance(width, numbers.Real) or not 0 < float(width) <= 4:
        raise ValueError(f"`width` must be a number above 0, and at most 4. Received: width={width!r}")
    if any(size is not None and (size < STRIDE or size % STRIDE) for size in input_size):
        raise ValueError(
            f"`input_size` must hold multiples of {STRIDE}, or None. Received: input_size={input_size}. "
            "`a2u_tf.matting.MattingModel` pads pictures of any size."
        )
    resampling = Resampling.of(
        upsampling,
        Resampling("a2u"),
        own="max_pool",
        downsampling=downsampling,
        variant=variant,
        channel_shared=channel_shared,
        kernel_size=kernel_size,
        encoding_size=encoding_size,
        normalization=normalization,
    )
    network_input = keras.Input((*input_size, 4), name="input")
    features, guides = encode(network_input, _scaled(ENCODERS[encoder], width), resampling)
    x = aspp(features.pop(), *_scaled([ASPP], width))
    x = decode(x, features, guides, _scaled(DECODER, width), resampling)
    model = keras.Model(network_input, head(x), name=f"matting_{resampling.upsampling}")
    fuse_batch_normalization(model)
    if weights is not None:
        _load(model, weights)
    return model


def _load(model: keras.Model, weights: Path | str) -> None:
    if weights not in SHIPPED and not str(weights).endswith(".weights.h5"):
        raise ValueError(f"`weights` must be one of {list(SHIPPED)}, a .weights.h5 file or None. Received: {weights!r}")
    try:
        with warnings.catch_warnings():  # of Keras, one for each layer that does not fit: the error says how many
            warnings.simplefilter("ignore", UserWarning)
            model.load_weights(SHIPPED.get(str(weights), weights))
    except FileNotFoundError:
        raise
    except (ValueError, OSError, KeyError, RuntimeError) as error:  # of Keras, or of HDF5 for a damaged file
        expected = "matting_net(width=0.25, weights='small')" if weights in SHIPPED else "those of the same network"
        reason = str(error).splitlines()[0].split(" Example error")[0]
        raise ValueError(f"`weights` cannot be used. Expected {expected}. Received: {weights}: {reason}") from error


def _scaled(channels: Sequence[int], width: float) -> list[int]:
    return [max(1, round(count * width)) for count in channels]
