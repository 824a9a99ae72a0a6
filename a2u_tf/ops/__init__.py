"""Reassembly as functions."""

from a2u_tf.ops.implementation import use_implementation
from a2u_tf.ops.reassembly import reassemble_down, reassemble_up

__all__ = ["reassemble_down", "reassemble_up", "use_implementation"]
