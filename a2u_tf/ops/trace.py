"""Tell whether the code being traced right now will be compiled by XLA."""

import keras


def in_xla_trace():
    """Return True inside an XLA trace: always on JAX, on TensorFlow within `jit_compile=True`, never on torch."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from tensorflow.python.framework import ops as framework_ops
        from tensorflow.python.ops import control_flow_util

        # The public API does not tell; this also sees nested functions, loops and `map_fn`.
        return control_flow_util.GraphOrParentsInXlaContext(framework_ops.get_default_graph())
    return backend == "jax"
