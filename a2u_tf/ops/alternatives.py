"""Two ways to compute one thing in a TensorFlow graph: a portable one that the graph holds, and a faster one that runs.

Whatever is written of the graph, by whomever, holds the portable function. When the graph runs, TensorFlow's
implementation selector, a part of its graph optimizer, calls the faster one in its place: both have the same
`api_implements`, and the faster one names the device. Without the optimizer, and in graphs of fewer than four nodes,
the portable way runs.

The functions in which Keras fits, evaluates and predicts are never written: on a machine without a GPU the faster one
stands in them by itself, which is less to trace, to optimize and to keep.
"""

import functools
import uuid
from collections.abc import Callable
from typing import Any, TypeAlias

from a2u_tf.ops.trace import in_keras_step
from a2u_tf.types import Tensor

Way: TypeAlias = Callable[..., Any]  # a function of tensors, and of settings by name


def call(
    portable: Way,
    fast: Way,
    *tensors: Tensor,
    differentiable: Way | None = None,
    in_files: bool = False,
    **settings: Any,
) -> Any:
    """Call one of two functions of tensors and (hashable) settings that compute the same; outside graphs, the faster.

    They are traced once for each settings and specification of tensors: not to be made anew for each call. The graph
    holds the gradients of `differentiable`, else of `portable`, by TensorFlow's own operations. With `in_files` what is
    written of the graph holds `fast`, too, for programs that run it; converters to other formats take the portable one.
    """
    import tensorflow as tf
    from tensorflow.python.eager import forwardprop_util

    if tf.executing_eagerly():
        return fast(*tensors, **settings)
    if forwardprop_util.pack_tangents(tensors).tangents:
        # In graphs, TensorFlow's forward mode passes custom gradients over and differentiates what they enclose.
        return (differentiable or portable)(*tensors, **settings)

    @tf.custom_gradient
    def run(*tensors: Tensor) -> tuple[Any, Way]:
        def gradient(*upstream: Tensor) -> Any:
            if in_files:
                return _gradients_of(fast, len(tensors))(*tensors, *upstream, **settings)
            ways = (_gradients_of(way, len(tensors)) for way in (differentiable or portable, fast))
            return call(*ways, *tensors, *upstream, **settings)

        # The tape would have TensorFlow differentiate the functions, whose signatures then differ.
        return _chosen(portable, fast, [tf.stop_gradient(x) for x in tensors], in_files, settings), gradient

    return run(*tensors)


@functools.cache
def _gradients_of(way: Way, count: int) -> Way:
    """The gradients of `way` with respect to `count` tensors, as a function of these and of upstream tensors."""

    def gradients(*tensors: Tensor, **settings: Any) -> Any:
        import tensorflow as tf

        upstream = tensors[count:]
        with tf.control_dependencies(upstream):  # or TensorFlow keeps what `way` makes from the first time to this one
            inputs = [tf.identity(x) for x in tensors[:count]]
        # Not by a tape: where this is traced, recording may be stopped.
        return tf.gradients(tf.nest.flatten(way(*inputs, **settings)), inputs, upstream, unconnected_gradients="zero")

    gradients.__name__ = f"gradients_of_{way.__name__}"
    return gradients


def _chosen(portable: Way, fast: Way, tensors: list[Tensor], in_files: bool, settings: dict[str, Any]) -> Any:
    import tensorflow as tf

    if in_keras_step() and not tf.config.get_visible_devices("GPU"):
        return fast(*tensors, **settings)
    specs = [tf.TensorSpec(x.shape, x.dtype) for x in tensors]
    first, *others = _functions(portable, fast, tuple(specs), in_files, tuple(settings.items()))
    chosen = first.get_concrete_function(*specs)
    # TensorFlow forgets functions that nobody holds: these live as long as the one that they replace.
    chosen.graph.replacements = [function.get_concrete_function(*specs) for function in others]
    if in_files:
        for replacement in chosen.graph.replacements:
            replacement.add_to_graph(tf.compat.v1.get_default_graph())
    return chosen(*tensors)


@functools.lru_cache(64)
def _functions(
    portable: Way, fast: Way, specs: tuple[Any, ...], in_files: bool, settings: tuple[tuple[str, Any], ...]
) -> list[Any]:
    """A `tf.function` of the portable way and one of the faster way for each kind of device."""
    import tensorflow as tf

    interface = f"a2u_tf_{uuid.uuid4().hex}"

    def function(way: Way, **attributes: str) -> Any:
        def run(*tensors: Tensor) -> Any:
            return way(*tensors, **dict(settings))

        run.__name__ = way.__name__
        attributes = {"api_implements": interface, **attributes}
        return tf.function(run, autograph=False, experimental_attributes=attributes)

    devices = ("CPU", "GPU") if in_files or tf.config.get_visible_devices("GPU") else ("CPU",)
    return [function(portable), *(function(fast, api_preferred_device=device) for device in devices)]
