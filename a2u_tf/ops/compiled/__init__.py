"""Reassembly by the compiled TensorFlow op: the library, its gradients, its build record."""

from a2u_tf.ops.compiled.library import call_op, instruction_set, reassemble, unavailable

__all__ = ["call_op", "instruction_set", "reassemble", "unavailable"]
