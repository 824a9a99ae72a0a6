"""Reassembly in `keras.ops` alone: any backend, differentiable, exportable."""

from a2u_tf.ops.composite.forms import choose_form, maps_only, reassemble, reassemble_as, reassemble_plainly

__all__ = ["choose_form", "maps_only", "reassemble", "reassemble_as", "reassemble_plainly"]
