"""Released weights of the whole matting network, and of the ImageNet encoder that its training starts from."""

from collections.abc import Mapping

import keras
import numpy as np

from a2u_tf.matting.pytorch_release.assignment import (
    Sources,
    State,
    absolute_scale,
    assign_all,
    convolution,
    depthwise,
    same,
)
from a2u_tf.matting.pytorch_release.kernels import kernel_sources
from a2u_tf.matting.pytorch_release.names import Bricks, backbone_layers, released_kernels, released_layers
from a2u_tf.types import Array

PREFIX = "module."
COUNTER = ".num_batches_tracked"


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
    sources = {}
    for layer in model.layers:
        sources.update(_layer_sources(layer, released_layers(), released_kernels()))
    state = {name.removeprefix(PREFIX): value for name, value in state.items()}
    assign_all(sources, {name: value for name, value in state.items() if not name.endswith(COUNTER)})


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
    names = backbone_layers()
    sources = {}
    for layer in model.layers:
        if _brick(layer) in names:
            sources.update(_layer_sources(layer, names, {}))
    stem, _ = sources["mod1.conv1.weight"]
    sources["mod1.conv1.weight"] = (stem, _with_trimap_channel)
    state = {name.removeprefix(PREFIX): value for name, value in state.items()}
    assign_all(sources, {name: value for name, value in state.items() if name in sources})


def _layer_sources(layer: keras.layers.Layer, layers: Bricks, kernels: Mapping[str, str]) -> Sources:
    """The variables of one layer by released name; a layer that the release lacks is an error."""
    if not layer.weights:
        return {}
    if layer.name in kernels:
        return {f"{kernels[layer.name]}.{name}": source for name, source in kernel_sources(layer).items()}
    if _brick(layer) not in layers:
        raise ValueError(
            f"The released model has no counterpart of layer {layer.name!r}. It is matting_net() with A2U up- and "
            "downsampling, variant 'dynamic'."
        )
    convolution_name, norm_name = layers[_brick(layer)]
    if isinstance(layer, keras.layers.BatchNormalization):
        return {
            f"{norm_name}.weight": (layer.gamma, absolute_scale),
            f"{norm_name}.bias": (layer.beta, same),
            f"{norm_name}.running_mean": (layer.moving_mean, same),
            f"{norm_name}.running_var": (layer.moving_variance, same),
        }
    convert = depthwise if isinstance(layer, keras.layers.DepthwiseConv2D) else convolution
    return {f"{convolution_name}.weight": (layer.kernel, convert)}


def _brick(layer: keras.layers.Layer) -> str:
    return str(layer.name).removesuffix("_conv").removesuffix("_norm")


def _with_trimap_channel(x: Array) -> Array:
    kernel = convolution(x)
    return np.concatenate([kernel, np.zeros_like(kernel[:, :, :1])], axis=2) if kernel.ndim == 4 else kernel
