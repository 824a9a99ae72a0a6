"""Reassembly by the compiled op."""

from typing import Any

from a2u_tf.ops import alternatives, composite
from a2u_tf.ops.compiled.library import loaded
from a2u_tf.ops.dtypes import common_dtype
from a2u_tf.types import Tensor


def reassemble(
    features: Tensor, kernels: Tensor, kernel_size: int, up: int = 1, down: int = 1, groups: int = 1
) -> Tensor:
    """Reassemble with one operator for both directions, as `composite.reassemble` does, gradients included.

    Kernel maps may have a spatial size of 1 x 1 where `up` is 1: one window for all pixels of a sample. A graph holds
    the composite, and runs the op: see `alternatives`.
    """
    settings: dict[str, Any] = {"kernel_size": kernel_size, "up": up, "down": down, "groups": groups}
    ways = (composite.reassemble_plainly, call_op)
    return alternatives.call(*ways, features, kernels, differentiable=composite.reassemble, **settings)


def call_op(features: Tensor, kernels: Tensor, kernel_size: int, up: int = 1, down: int = 1, groups: int = 1) -> Tensor:
    """Reassemble by the op itself, which no graph that is written down may hold."""
    import tensorflow as tf

    ops, library = loaded()
    library.a2u_set_threads(tf.config.threading.get_intra_op_parallelism_threads())
    dtype = common_dtype(features.dtype, kernels.dtype)
    settings = {"kernel_size": kernel_size, "up": up, "down": down, "groups": groups}
    return ops.a2u_reassemble(tf.cast(features, dtype), tf.cast(kernels, dtype), **settings)
