"""Affinity-aware resampling as Keras layers."""

from a2u_tf.layers.a2u_down_sampling2d import A2UDownSampling2D
from a2u_tf.layers.a2u_kernels import A2UKernels
from a2u_tf.layers.a2u_up_sampling2d import A2UUpSampling2D
from a2u_tf.layers.reassembly2d import Reassembly2D

__all__ = ["A2UDownSampling2D", "A2UKernels", "A2UUpSampling2D", "Reassembly2D"]
