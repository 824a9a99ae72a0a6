"""Common dtypes in which float64 stays float64: `keras.backend.result_type` makes float32 of it on JAX and torch."""

from typing import Any

import keras


def wide_dtype(dtype: Any) -> str:
    """What sums of a dtype are computed in: float32 for half precisions, float64 for float64."""
    return common_dtype(dtype, "float32")


def common_dtype(*dtypes: Any) -> str:
    names = [keras.backend.standardize_dtype(dtype) for dtype in dtypes]
    return "float64" if "float64" in names else str(keras.backend.result_type(*names))
