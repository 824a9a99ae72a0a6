"""Arrays by released names into Keras variables, and those of one kernel generator into an `A2UKernels` layer."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import keras
import numpy as np

from a2u_tf.layers import A2UKernels
from a2u_tf.types import Array

State: TypeAlias = Mapping[str, Array]  # arrays by released name
# By released name, a variable and what turns the released layout into ours.
Sources: TypeAlias = dict[str, tuple[keras.Variable, Callable[[Array], Array]]]
SHOWN = 10  # names per list of an error
# What a layer is that released parameters fit.
RELEASED = dict(variant="dynamic", directions={"up", "down"}, rank=1, groups=1, use_bias=True, use_norm=True)


def assign_all(sources: Sources, state: State) -> None:
    """Assign every array to the variable of its name; where names or shapes do not match, raise and assign none."""
    values = {name: sources[name][1](np.asarray(array)) for name, array in state.items() if name in sources}
    found = {
        "missing": [name for name in sources if name not in state],
        "not of this model": [name for name in state if name not in sources],
        "wrongly shaped": [
            f"{name} {np.shape(state[name])} for a weight of shape {tuple(variable.shape)}"
            for name, (variable, _) in sources.items()
            if name in values and values[name].shape != tuple(variable.shape)
        ],
    }
    if problems := [f"{kind}: {_listed(names)}" for kind, names in found.items() if names]:
        raise ValueError(
            "Released parameters do not fit: " + "; ".join(problems) + ". Build the model with the channels, kernel "
            "size and channel_shared that they were trained with."
        )
    for name, value in values.items():
        sources[name][0].assign(value)


def same(x: Array) -> Array:
    """The layouts agree."""
    return x


def _matrix(x: Array) -> Array:
    """`(out, in, 1, 1)` to `(in, out)`."""
    return x.reshape(x.shape[:2]).T if x.ndim == 4 and x.shape[2:] == (1, 1) else x


def assign_kernels(layer: A2UKernels, state: State) -> None:
    """Copy the released kernel-generation parameters of one stage into a built `A2UKernels` layer.

    Released layouts differ from ours in two ways: 1x1 convolutions are `(out, in, 1, 1)`, and the upsampling
    projection counts its channels `tap * r**2 + r * dy + dx` where ours count `(r * dy + dx) * taps + tap`.

    Args:
        layer: Built `A2UKernels(variant="dynamic", directions=("up", "down"))` with rank 1, one group, biases and
            norms; channel-shared or not, as the parameters are.
        state: Dict from the names `bnu.0.weight`, `bnv.0.weight`, `bconv_U.1.weight`, `bconv_V.1.weight`,
            `bconv_UP.1.weight`, `bconv_DP.1.weight` and the `.bias` of each to NumPy arrays.

    Raises:
        ValueError: Where the layer is of another kind, or names or shapes do not match; nothing is assigned then.
    """
    assign_all(kernel_sources(layer), state)


def kernel_sources(layer: A2UKernels) -> Sources:
    """Return, by released name, the variables of a layer and the conversion of the layout, for `assign_all`."""
    received = {name: getattr(layer, name) for name in RELEASED}
    received["directions"] = set(received["directions"])
    wrong = {name: received[name] for name, value in RELEASED.items() if received[name] != value}
    if wrong or not layer.built:
        raise ValueError(
            f"Released parameters fit a built A2UKernels layer with {RELEASED}. Received: built={layer.built}, {wrong}"
        )

    def reordered(x: Array) -> Array:
        """Reorder the last axis from (tap, sub-position) to (sub-position, tap)."""
        x, positions = _matrix(x), layer.scale**2
        if x.shape[-1] % positions:
            return x
        return x.reshape(*x.shape[:-1], -1, positions).swapaxes(-1, -2).reshape(x.shape)

    sources: Sources = {}
    for name, attribute in (("bnu.0", "norm_u"), ("bnv.0", "norm_v")):
        norm = getattr(layer, attribute)
        sources |= {f"{name}.weight": (norm.gamma, same), f"{name}.bias": (norm.beta, same)}
    for name, attribute, kernel, bias in (
        ("bconv_U.1", "encoder_u", _matrix, same),
        ("bconv_V.1", "encoder_v", _matrix, same),
        ("bconv_DP.1", "projection_down", _matrix, same),
        ("bconv_UP.1", "projection_up", reordered, reordered),
    ):
        dense = getattr(layer, attribute)
        sources |= {f"{name}.weight": (dense.kernel, kernel), f"{name}.bias": (dense.bias, bias)}
    return sources


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
