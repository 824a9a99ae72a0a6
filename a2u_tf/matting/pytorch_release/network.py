"""Released weights of the whole matting network, and of the ImageNet encoder that its training starts from."""

from typing import TypeAlias

import keras
import numpy as np

from a2u_tf.matting.pytorch_release.kernels import Sources, State, assign_all, kernel_sources, same
from a2u_tf.types import Array

# By our brick's name, the released names of its convolution and its batch normalisation.
Bricks: TypeAlias = dict[str, tuple[str, str | None]]
KERNELS = {
    "kernels_1": "bilinear0",
    "kernels_2": "bilinear1",
    "kernels_3": "layer2_1.bilinear",
    "kernels_4": "layer3_1.bilinear",
}


def assign_matting(model: keras.Model, state: State) -> None:
    """Copy the parameters of the authors' released matting model into ours.

    Convolutions change their layout; the scale of InPlaceABN becomes gamma = |weight| + 1e-5; the upsampling
    projections change their tap order, see `assign_kernels`.

    Args:
        model: `matting_net()` with A2U in both directions, variant `"dynamic"`, width 1 and the `channel_shared`,
            `kernel_size` and `encoding_size` of the release.
        state: Dict from the released names, with or without the prefix `module.`, to NumPy arrays: the checkpoint's
            `state_dict`. Entries `num_batches_tracked` are ignored.

    Raises:
        ValueError: Where entries are missing, extra or wrongly shaped; all are listed, and nothing is assigned.
    """
    counted = {name: value for name, value in _bare(state).items() if not name.endswith(".num_batches_tracked")}
    assign_all(matting_sources(model), counted)


def assign_encoder(model: keras.Model, state: State) -> None:
    """Copy the ImageNet ResNet-34 that the released training starts from into the encoder of a matting network.

    The stem's filters for red, green and blue come from the file, those for the trimap are zero.

    Args:
        model: `matting_net(width=1.0)` of any upsampling.
        state: Dict from names such as `mod1.conv1.weight`, with or without the prefix `module.`, to NumPy arrays.
            Entries of deeper stages and of the classifier are ignored.

    Raises:
        ValueError: Where entries are missing or wrongly shaped; nothing is assigned then.
    """
    names, sources = _backbone_layers(), Sources()
    for layer in model.layers:
        if _brick(layer) in names:
            sources |= _layer_sources(layer, names)
    stem, _ = sources["mod1.conv1.weight"]
    sources["mod1.conv1.weight"] = (stem, _with_trimap_channel)
    assign_all(sources, {name: value for name, value in _bare(state).items() if name in sources})


def matting_sources(model: keras.Model) -> Sources:
    """Return what `assign_all` takes of a matting network; a layer that the release lacks is an error."""
    sources: Sources = {}
    for layer in model.layers:
        if theirs := KERNELS.get(layer.name):
            sources |= {f"{theirs}.{name}": source for name, source in kernel_sources(layer).items()}
        elif layer.weights:
            sources |= _layer_sources(layer, _released_layers())
    return sources


def _layer_sources(layer: keras.layers.Layer, names: Bricks) -> Sources:
    if _brick(layer) not in names:
        raise ValueError(
            f"The released model has no counterpart of layer {layer.name!r}. It is matting_net() with A2U up- and "
            "downsampling, variant 'dynamic'."
        )
    convolution, norm = names[_brick(layer)]
    if isinstance(layer, keras.layers.BatchNormalization):
        return {
            f"{norm}.weight": (layer.gamma, _absolute_scale),
            f"{norm}.bias": (layer.beta, same),
            f"{norm}.running_mean": (layer.moving_mean, same),
            f"{norm}.running_var": (layer.moving_variance, same),
        }
    convert = _depthwise if isinstance(layer, keras.layers.DepthwiseConv2D) else _convolution
    return {f"{convolution}.weight": (layer.kernel, convert)}


def _bare(state: State) -> State:
    return {name.removeprefix("module."): value for name, value in state.items()}


def _brick(layer: keras.layers.Layer) -> str:
    return str(layer.name).removesuffix("_conv").removesuffix("_norm")


def _released_layers() -> Bricks:
    names = {"encoder_stem": _sequence("layer0"), "head": _sequence("pred.0"), "alpha": ("pred.1", None)}
    for block in (1, 2, 3):
        names |= _pair(f"encoder_1_{block}", f"layer1.block{block}.convs")
        for stage in (2, 3):
            names |= _pair(f"encoder_{stage}_{block + 1}", f"layer{stage}_2.block{block}.convs")
    for stage in (2, 3):
        first = f"layer{stage}_1"
        names |= _projection(f"encoder_{stage}_1", first)
        for number in (1, 2):
            layer = f"{first}.layer{number}"
            names[f"encoder_{stage}_1_{number}"] = (f"{layer}.conv{number}", f"{layer}.bn{number}")
    names["aspp_1"] = _sequence("dconv_pp.aspp1.atrous_conv")
    for branch in (2, 3, 4):
        names[f"aspp_{branch}_depthwise"] = _sequence(f"dconv_pp.aspp{branch}.atrous_conv")
        names[f"aspp_{branch}_pointwise"] = _sequence(f"dconv_pp.aspp{branch}.atrous_conv", 2)
    names["aspp_average"] = _sequence("dconv_pp.global_avg_pool", 1)
    names["aspp_merge"] = _sequence("dconv_pp.bottleneck_conv")
    for level in (1, 2, 3, 4):
        names[f"skip_{level}"] = _sequence(f"short{level - 1}")
        for block, folder in ((1, "dconv"), (2, "dconv1")):
            ours, theirs = f"decoder_{level}_{block}", f"decoder_layer{level}.{folder}"
            names |= _projection(ours, theirs) | _pair(ours, f"{theirs}.dep_sep_conv")
    return names


def _backbone_layers() -> Bricks:
    """The names in the ImageNet ResNet-34, of our encoder's bricks alone."""
    names: Bricks = {"encoder_stem": ("mod1.conv1", "mod1.bn1")}
    for stage, blocks in ((1, 3), (2, 4), (3, 4)):
        for block in range(1, blocks + 1):
            ours, theirs = f"encoder_{stage}_{block}", f"mod{stage + 1}.block{block}"
            names |= _pair(ours, f"{theirs}.convs")
            if stage > 1 and block == 1:
                names |= _projection(ours, theirs)
    return names


def _sequence(theirs: str, first: int = 0) -> tuple[str, str | None]:
    return f"{theirs}.{first}", f"{theirs}.{first + 1}"


def _pair(ours: str, theirs: str) -> Bricks:
    return {f"{ours}_{number}": (f"{theirs}.conv{number}", f"{theirs}.bn{number}") for number in (1, 2)}


def _projection(ours: str, theirs: str) -> Bricks:
    return {f"{ours}_projection": (f"{theirs}.proj_conv", f"{theirs}.proj_bn")}


def _convolution(x: Array) -> Array:
    """`(out, in, rows, columns)` to `(rows, columns, in, out)`."""
    return x.transpose(2, 3, 1, 0) if x.ndim == 4 else x


def _depthwise(x: Array) -> Array:
    """`(channels, 1, rows, columns)` to `(rows, columns, channels, 1)`."""
    return x.transpose(2, 3, 0, 1) if x.ndim == 4 else x


def _with_trimap_channel(x: Array) -> Array:
    kernel = _convolution(x)
    return np.concatenate([kernel, np.zeros_like(kernel[:, :, :1])], axis=2) if kernel.ndim == 4 else kernel


def _absolute_scale(x: Array) -> Array:
    """InPlaceABN scales by the weight's absolute value plus its epsilon; batch normalisation by gamma."""
    scale: Array = np.abs(x) + np.asarray(1e-5, x.dtype)
    return scale
