"""Reassembly by the compiled op."""

from a2u_tf.ops import alternatives, composite
from a2u_tf.ops.compiled.library import loaded
from a2u_tf.ops.dtypes import common_dtype
from a2u_tf.ops.layout import Window
from a2u_tf.types import Tensor


def reassemble(features: Tensor, kernels: Tensor, window: Window) -> Tensor:
    """Reassemble as `composite.reassemble` does, gradients included; a graph holds that and runs the op.

    Kernel maps may have a spatial size of 1 x 1 where `up` is 1: one window for all pixels of a sample.
    """
    ways = (composite.reassemble_plainly, call_op)
    return alternatives.call(*ways, features, kernels, differentiable=composite.reassemble, window=window)


def call_op(features: Tensor, kernels: Tensor, window: Window) -> Tensor:
    """Reassemble by the op itself, which no graph that is written down may hold."""
    import tensorflow as tf

    ops, library = loaded()
    library.a2u_set_threads(tf.config.threading.get_intra_op_parallelism_threads())
    tensors = (tf.cast(x, common_dtype(features.dtype, kernels.dtype)) for x in (features, kernels))
    settings = {name: getattr(window, name) for name in ("kernel_size", "up", "down", "groups")}
    return ops.a2u_reassemble(*tensors, **settings)
