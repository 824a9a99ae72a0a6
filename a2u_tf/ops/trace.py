"""What is being traced, and what XLA wants done in another way."""

import keras
from keras import ops

from a2u_tf.ops.layout import same
from a2u_tf.types import Tensor

SHORT_RUN = 16  # of channels, whose plain sum XLA's CPU backend compiles well enough

_STEPS_OF_KERAS = (
    *("one_step_on_data", "multi_step_on_iterator"),  # fit, evaluate; `on_batch`
    *("one_step_on_data_distributed", "multi_step_on_data"),  # predict
)


def in_xla_trace() -> bool:
    """Whether XLA will compile what is being traced: always on JAX, with `jit_compile=True` on TensorFlow."""
    backend: str = keras.backend.backend()
    if backend == "tensorflow":
        from tensorflow.python.framework import ops as framework_ops
        from tensorflow.python.ops import control_flow_util

        # The public API does not tell; this also sees nested functions, loops and `map_fn`.
        return bool(control_flow_util.GraphOrParentsInXlaContext(framework_ops.get_default_graph()))
    return backend == "jax"


def in_keras_step() -> bool:
    """Whether TensorFlow traces a step of Keras's `fit`, `evaluate` or `predict`, whose functions Keras writes nowhere.

    A Keras that names them otherwise is not recognised.
    """
    from tensorflow.python.framework import ops as framework_ops

    graph = framework_ops.get_default_graph()
    while getattr(graph, "outer_graph", None) is not None and graph.outer_graph.building_function:
        graph = graph.outer_graph
    return getattr(graph, "name", None) in _STEPS_OF_KERAS


def materialize(x: Tensor) -> Tensor:
    """Return `x`; inside an XLA trace, keep it from being computed anew in each of its consumers.

    XLA's CPU backend merges a sum over 36 taps into each operation that reads it, 36 in the backward pass, and removes
    its own optimization barriers before. It does not merge across a conditional.
    """
    if not in_xla_trace():
        return x
    first = ops.sum(x[:1, :1, :1, :1])  # the sum takes empty tensors, too
    return ops.cond(ops.equal(first, first), lambda: x, lambda: x + 0 * x)


def sum_channels(x: Tensor, groups: int = 1) -> Tensor:
    """Sum the channels of each of `groups` consecutive runs: `(..., C)` to `(..., groups)`."""
    *shape, channels = ops.shape(x)
    if same(groups, channels):
        return x
    run = channels // groups
    if groups > 1:
        x = ops.reshape(x, (*shape, groups, run))
    if in_xla_trace() and not (isinstance(run, int) and run <= SHORT_RUN):
        # XLA's CPU backend vectorises a product with ones, for long runs up to ten times faster than a sum of them.
        summed = ops.matmul(x, ops.ones((run, 1), x.dtype))
        return ops.reshape(summed, (*shape, groups))
    return ops.sum(x, axis=-1, keepdims=groups == 1)
