"""Arrays by the released names into Keras variables: the kernel generators, the network, the encoder it starts from."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import keras
import numpy as np

from a2u_tf.layers import A2UKernels
from a2u_tf.types import Array

State: TypeAlias = Mapping[str, Array]  # arrays by released name
# By released name, a variable and what turns the released layout into ours, or raises `ValueError` at another shape.
Sources: TypeAlias = dict[str, tuple[keras.Variable, Callable[[Array], Array]]]
SHOWN = 10  # names per list of an error
FITS = dict(built=True, variant="dynamic", directions={"up", "down"}, rank=1, groups=1, use_bias=True, use_norm=True)
# By our brick's name, the released names of its convolution and its batch normalisation.
Bricks: TypeAlias = dict[str, tuple[str, str | None]]
KERNELS = ("bilinear0", "bilinear1", "layer2_1.bilinear", "layer3_1.bilinear")  # of levels 1 to 4


def assign_all(sources: Sources, state: State) -> None:
    """Assign every array to the variable of its name; where names or shapes do not match, raise and assign none."""
    values = {name: _fitting(*sources[name], np.asarray(state[name])) for name in sources if name in state}
    problems = {
        "missing": [name for name in sources if name not in state],
        "not of this model": [name for name in state if name not in sources],
        "wrongly shaped": [
            f"{name} {np.shape(state[name])} for a weight of shape {tuple(sources[name][0].shape)}"
            for name, value in values.items()
            if value is None
        ],
    }
    if any(problems.values()):
        raise ValueError(
            f"Released parameters do not fit: {'; '.join(_listed(*each) for each in problems.items() if each[1])}. "
            "Build the model with the channels, kernel size and channel_shared that they were trained with."
        )
    for name, value in values.items():
        sources[name][0].assign(value)


def _fitting(variable: keras.Variable, convert: Callable[[Array], Array], x: Array) -> Array | None:
    try:
        x = convert(x)
    except ValueError:
        return None
    return x if x.shape == tuple(variable.shape) else None


def _listed(kind: str, names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{kind}: {', '.join(names[:SHOWN])}{more}"


def assign_kernels(layer: A2UKernels, state: State) -> None:
    """Copy the released kernel-generation parameters of one stage into a built `A2UKernels` layer.

    Released layouts differ from ours in two ways: 1x1 convolutions are `(out, in, 1, 1)`, and the upsampling
    projection counts its channels `tap * r**2 + r * dy + dx` where ours count `(r * dy + dx) * taps + tap`. Where the
    layer is of another kind, or names or shapes do not match, a `ValueError` is raised and nothing assigned.

    Args:
        layer: Built `A2UKernels(variant="dynamic", directions=("up", "down"))` with rank 1, one group, biases and
            norms; channel-shared or not, as the parameters are.
        state: Dict from the names `bnu.0.weight`, `bnv.0.weight`, `bconv_U.1.weight`, `bconv_V.1.weight`,
            `bconv_UP.1.weight`, `bconv_DP.1.weight` and the `.bias` of each to NumPy arrays.
    """
    assign_all(kernel_sources(layer), state)


def kernel_sources(layer: A2UKernels) -> Sources:
    """Return, by released name, the variables of a layer and the conversion of the layout, for `assign_all`."""
    received = {name: getattr(layer, name) for name in FITS}
    received["directions"] = set(received["directions"])
    if wrong := {name: received[name] for name, value in FITS.items() if received[name] != value}:
        raise ValueError(f"Released parameters fit an A2UKernels layer with {FITS}. Received: {wrong}")

    def matrix(x: Array) -> Array:
        return x.reshape(x.shape[:2]).T

    def by_position(x: Array) -> Array:
        """Reorder the last axis from (tap, sub-position) to (sub-position, tap)."""
        return x.reshape(*x.shape[:-1], -1, layer.scale**2).swapaxes(-1, -2).reshape(x.shape)

    sources: Sources = {}
    for name, attribute, kernel, bias in (
        ("bnu.0", "norm_u", np.asarray, np.asarray),
        ("bnv.0", "norm_v", np.asarray, np.asarray),
        ("bconv_U.1", "encoder_u", matrix, np.asarray),
        ("bconv_V.1", "encoder_v", matrix, np.asarray),
        ("bconv_DP.1", "projection_down", matrix, np.asarray),
        ("bconv_UP.1", "projection_up", lambda x: by_position(matrix(x)), by_position),
    ):
        part = getattr(layer, attribute)
        weight, shift = (part.gamma, part.beta) if attribute.startswith("norm") else (part.kernel, part.bias)
        sources |= {f"{name}.weight": (weight, kernel), f"{name}.bias": (shift, bias)}
    return sources


def assign_matting(model: keras.Model, state: State) -> None:
    """Copy the parameters of the authors' released matting model into ours.

    Convolutions change their layout; the scale of InPlaceABN becomes gamma = |weight| + 1e-5; the upsampling
    projections change their tap order, see `assign_kernels`. Where entries are missing, extra or wrongly shaped, a
    `ValueError` lists them all and nothing is assigned.

    Args:
        model: `matting_net()` with A2U in both directions, variant `"dynamic"`, width 1 and the `channel_shared`,
            `kernel_size` and `encoding_size` of the release.
        state: Dict from the released names, with or without the prefix `module.`, to NumPy arrays: the checkpoint's
            `state_dict`. Entries `num_batches_tracked` are ignored.
    """
    counted = {name: value for name, value in _bare(state).items() if not name.endswith(".num_batches_tracked")}
    assign_all(matting_sources(model), counted)


def assign_encoder(model: keras.Model, state: State) -> None:
    """Copy the ImageNet ResNet-34 that the released training starts from into the encoder of a matting network.

    The stem's filters for red, green and blue come from the file, those for the trimap are zero. Where entries are
    missing or wrongly shaped, a `ValueError` is raised and nothing assigned.

    Args:
        model: `matting_net(width=1.0)` of any upsampling.
        state: Dict from names such as `mod1.conv1.weight`, with or without the prefix `module.`, to NumPy arrays.
            Entries of deeper stages and of the classifier are ignored.
    """
    names, sources = _backbone_layers(), Sources()
    for layer in model.layers:
        if _brick(layer) in names:
            sources |= _layer_sources(layer, names)
    stem, convert = sources["mod1.conv1.weight"]
    sources["mod1.conv1.weight"] = (stem, lambda x: np.pad(convert(x), [(0, 0), (0, 0), (0, 1), (0, 0)]))
    assign_all(sources, {name: value for name, value in _bare(state).items() if name in sources})


def matting_sources(model: keras.Model) -> Sources:
    """Return what `assign_all` takes of a matting network; a layer that the release lacks is an error."""
    sources: Sources = {}
    for layer in model.layers:
        if layer.name.startswith("kernels_"):
            theirs = KERNELS[int(layer.name[-1]) - 1]
            sources |= {f"{theirs}.{name}": source for name, source in kernel_sources(layer).items()}
        elif layer.weights:
            sources |= _layer_sources(layer, _released_layers())
    return sources


def _layer_sources(layer: keras.layers.Layer, names: Bricks) -> Sources:
    if _brick(layer) not in names:
        raise ValueError(f"Only matting_net() with dynamic A2U both ways is released: no counterpart of {layer.name!r}")
    convolution, norm = names[_brick(layer)]
    if isinstance(layer, keras.layers.BatchNormalization):
        return {
            # InPlaceABN scales by the weight's absolute value plus its epsilon; batch normalisation by gamma.
            f"{norm}.weight": (layer.gamma, lambda x: np.abs(x) + np.asarray(1e-5, x.dtype)),
            f"{norm}.bias": (layer.beta, np.asarray),
            f"{norm}.running_mean": (layer.moving_mean, np.asarray),
            f"{norm}.running_var": (layer.moving_variance, np.asarray),
        }
    # Ours are (rows, columns, in, out), or of a depthwise convolution (rows, columns, channels, 1).
    axes = (2, 3, 0, 1) if isinstance(layer, keras.layers.DepthwiseConv2D) else (2, 3, 1, 0)
    return {f"{convolution}.weight": (layer.kernel, lambda x: x.transpose(axes))}


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
