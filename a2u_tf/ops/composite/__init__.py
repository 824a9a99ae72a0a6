"""Kernels and reassembly in `keras.ops` alone: any backend, differentiable, exportable."""

from a2u_tf.ops.composite.forms import maps_only, reassemble, reassemble_plainly, similarity
from a2u_tf.ops.composite.kernels import affinity, kernel_maps
from a2u_tf.ops.composite.parts import no_parts

__all__ = ["affinity", "kernel_maps", "maps_only", "no_parts", "reassemble", "reassemble_plainly", "similarity"]
