"""Arrays by released names into Keras variables: all of them, or none and an error that lists what is wrong."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import keras
import numpy as np

from a2u_tf.types import Array

State: TypeAlias = Mapping[str, Array]  # arrays by released name
# By released name, a variable and what turns the released layout into ours.
Sources: TypeAlias = dict[str, tuple[keras.Variable, Callable[[Array], Array]]]
SHOWN = 10  # names per list of an error


def assign_all(sources: Sources, state: State) -> None:
    """Assign every array of `state` to its variable.

    Args:
        sources: Dict from released name to `(variable, convert)`; `convert` turns the released layout into ours.
        state: Dict from the same names to arrays.

    Raises:
        ValueError: Where names or shapes do not match; nothing is assigned then.
    """
    problems = []
    missing = [name for name in sources if name not in state]
    extra = [name for name in state if name not in sources]
    if missing:
        problems.append(f"missing: {_listed(missing)}")
    if extra:
        problems.append(f"not of this model: {_listed(extra)}")
    values, misfits = {}, []
    for name, (variable, convert) in sources.items():
        if name in state:
            array = np.asarray(state[name])
            values[name] = convert(array)
            if values[name].shape != tuple(variable.shape):
                misfits.append(f"{name} {array.shape} for a weight of shape {tuple(variable.shape)}")
    if misfits:
        problems.append(f"wrongly shaped: {_listed(misfits)}")
    if problems:
        raise ValueError(
            "Released parameters do not fit: " + "; ".join(problems) + ". Build the model with the channels, kernel "
            "size and channel_shared that they were trained with."
        )
    for name, (variable, _) in sources.items():
        variable.assign(values[name])


def same(x: Array) -> Array:
    """The layouts agree."""
    return x


def convolution(x: Array) -> Array:
    """`(out, in, rows, columns)` to `(rows, columns, in, out)`."""
    return x.transpose(2, 3, 1, 0) if x.ndim == 4 else x


def depthwise(x: Array) -> Array:
    """`(channels, 1, rows, columns)` to `(rows, columns, channels, 1)`."""
    return x.transpose(2, 3, 0, 1) if x.ndim == 4 else x


def matrix(x: Array) -> Array:
    """`(out, in, 1, 1)` to `(in, out)`."""
    return x.reshape(x.shape[:2]).T if x.ndim == 4 and x.shape[2:] == (1, 1) else x


def absolute_scale(x: Array) -> Array:
    """InPlaceABN scales by the weight's absolute value plus its epsilon; batch normalisation by gamma."""
    scale: Array = np.abs(x) + np.asarray(1e-5, x.dtype)
    return scale


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
