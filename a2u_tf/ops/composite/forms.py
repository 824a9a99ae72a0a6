"""Reassembly in `keras.ops` alone: any backend, differentiable, exportable.

Two forms: a sum over taps under XLA and for downsampling, gathered windows times kernels for upsampling elsewhere
(`benchmarks/reassembly.py` measures both and their alternatives). Each has a gradient of its own, so that no window
tensor is kept for the backward pass and TensorFlow's XLA gets a small graph to compile.
"""

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from keras import ops

from a2u_tf.ops.bilinear import bilinear
from a2u_tf.ops.composite import maps, matmul, taps
from a2u_tf.ops.dtypes import common_dtype, wide_dtype
from a2u_tf.ops.trace import in_xla_trace, materialize
from a2u_tf.types import Tensor

_maps_only: contextvars.ContextVar[bool] = contextvars.ContextVar("a2u_tf_maps_only", default=False)


@contextlib.contextmanager
def maps_only() -> Iterator[None]:
    """While open, no tensor has a rank above four: see `maps`."""
    token = _maps_only.set(True)
    try:
        yield
    finally:
        _maps_only.reset(token)


def reassemble(
    features: Tensor, kernels: Tensor, kernel_size: int, up: int = 1, down: int = 1, groups: int = 1
) -> Tensor:
    """Reassemble with one operator for both directions; one of `up` and `down` is 1.

    Computes in the common dtype of the two arguments, float16 and bfloat16 in float32, and returns the common dtype.
    """
    if _maps_only.get():
        return maps.reassemble(features, kernels, kernel_size, up, down, groups)
    return reassemble_as(_form(up), features, kernels, kernel_size, up, down, groups)


def reassemble_plainly(
    features: Tensor, kernels: Tensor, kernel_size: int, up: int = 1, down: int = 1, groups: int = 1
) -> Tensor:
    """Reassemble as `reassemble` does, without a gradient of its own."""
    forward, _ = _ways(_form(up), features, kernels, kernel_size, up, down, groups)
    return forward(features, kernels)


def reassemble_as(
    form: str, features: Tensor, kernels: Tensor, kernel_size: int, up: int = 1, down: int = 1, groups: int = 1
) -> Tensor:
    """Reassemble by one form, `"taps"` or (upwards only) `"matmul"`, whatever is being traced."""
    forward, gradients = _ways(form, features, kernels, kernel_size, up, down, groups)
    return bilinear(forward, gradients, features, kernels)


def _form(up: int) -> str:
    return "matmul" if up > 1 and not in_xla_trace() else "taps"


def _ways(
    form: str, features: Tensor, kernels: Tensor, kernel_size: int, up: int, down: int, groups: int
) -> tuple[Callable[..., Tensor], Callable[..., tuple[Tensor, Tensor]]]:
    """The functions from features and kernels to outputs, and from these and the upstream gradient to gradients."""
    grid = tuple((size + down - 1) // down for size in ops.shape(features)[1:3])
    settings: dict[str, Any] = {"kernel_size": kernel_size, "up": up, "groups": groups, "grid": grid}
    module: ModuleType = matmul
    if form == "taps":
        module = taps
        settings["down"] = down
    dtype = common_dtype(features.dtype, kernels.dtype)
    compute_dtype = wide_dtype(dtype)

    def forward(features: Tensor, kernels: Tensor) -> Tensor:
        tensors = (ops.cast(x, compute_dtype) for x in (features, kernels))
        return materialize(ops.cast(module.forward(*tensors, **settings), dtype))

    def gradients(features: Tensor, kernels: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor]:
        tensors = (ops.cast(x, compute_dtype) for x in (features, kernels, upstream))
        to_features, to_kernels = module.gradients(*tensors, **settings)
        return ops.cast(to_features, features.dtype), ops.cast(to_kernels, kernels.dtype)

    return forward, gradients
