"""Types that several rooms speak of."""

from typing import Any, TypeAlias

import numpy as np

# A tensor of the active Keras backend, or a `KerasTensor` of a functional model; the backends share no class.
Tensor: TypeAlias = Any
Shape: TypeAlias = tuple[int | None, ...]  # with None for an open size
Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
