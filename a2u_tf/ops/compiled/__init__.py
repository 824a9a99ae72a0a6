"""Reassembly by the compiled TensorFlow op: the library, its gradients, its build record."""

from a2u_tf.ops.compiled.library import affinity, call_op, instruction_set, kernel_maps, reassemble, unavailable

__all__ = ["affinity", "call_op", "instruction_set", "kernel_maps", "reassemble", "unavailable"]
