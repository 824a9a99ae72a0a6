"""Reassembly by the compiled TensorFlow op: the library, its gradients, its build record."""

from a2u_tf.ops.compiled.library import instruction_set, unavailable
from a2u_tf.ops.compiled.op import call_op, reassemble

__all__ = ["call_op", "instruction_set", "reassemble", "unavailable"]
