"""Two ways to compute one thing in a TensorFlow graph: a portable one that the graph holds, and a faster one that runs.

The portable way is a function in the graph, so whatever is written of the graph, by whomever, holds that. When the
graph runs, TensorFlow's implementation selector, a part of its graph optimizer, calls the faster function in its place:
both have the same `api_implements`, and the faster one names the device. Where the optimizer is off, and in graphs of
fewer than four nodes, the portable way runs.
"""

import functools
import uuid


def call(portable, fast, *tensors, in_files=False):
    """Call one of two functions that compute the same; outside graphs, the faster one.

    Args:
        portable: Function whose graph other programs shall read.
        fast: Function that runs in this process in its place.
        tensors: Their arguments. Of the call's gradients, of any order, the same choice is made.
        in_files: Whether what is written of the graph may hold both, as where `fast` is of TensorFlow's own operations
            but not all formats have them.
    """
    import tensorflow as tf

    if tf.executing_eagerly():
        return fast(*tensors)

    @tf.custom_gradient
    def differentiable(*tensors):
        def gradient(*upstream):
            ways = (functools.partial(_gradients, way, len(tensors)) for way in (portable, fast))
            return call(*ways, *tensors, *upstream, in_files=in_files)

        # The tape would have TensorFlow differentiate the functions, whose signatures then differ.
        return _chosen(portable, fast, [tf.stop_gradient(x) for x in tensors], in_files), gradient

    return differentiable(*tensors)


def _gradients(way, count, *tensors):
    """Gradients of `way` with respect to the first `count` of the tensors; the others are upstream."""
    import tensorflow as tf

    tensors, upstream = tensors[:count], list(tensors[count:])
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        outputs = way(*tensors)
    return tape.gradient(tf.nest.flatten(outputs), tensors, upstream, tf.UnconnectedGradients.ZERO)


def _chosen(portable, fast, tensors, in_files):
    import tensorflow as tf

    interface = f"a2u_tf_{uuid.uuid4().hex}"
    specs = [tf.TensorSpec(x.shape, x.dtype) for x in tensors]

    def trace(function, **attributes):
        attributes = {"api_implements": interface, **attributes}
        return tf.function(function, autograph=False, experimental_attributes=attributes).get_concrete_function(*specs)

    chosen = trace(portable)
    devices = ("CPU", "GPU") if in_files or tf.config.get_visible_devices("GPU") else ("CPU",)
    # TensorFlow forgets functions that nobody holds: these live as long as the one that they replace.
    chosen.graph.replacements = [trace(fast, api_preferred_device=device) for device in devices]
    if in_files:
        for replacement in chosen.graph.replacements:
            replacement.add_to_graph(tf.compat.v1.get_default_graph())
    return chosen(*tensors)
