"""Reassembly in `keras.ops` alone: any backend, differentiable, exportable."""

from a2u_tf.ops.composite.forms import maps_only, reassemble, reassemble_plainly, similarity

__all__ = ["maps_only", "reassemble", "reassemble_plainly", "similarity"]
