"""Affinity-aware resampling as Keras layers, and every other upsampling method by name."""

from a2u_tf.layers.a2u_kernels import A2UKernels
from a2u_tf.layers.a2u_sampling2d import A2UDownSampling2D, A2UUpSampling2D
from a2u_tf.layers.reassembly2d import Reassembly2D
from a2u_tf.layers.resampling import GUIDED, METHODS, UPSAMPLERS, Resampling, make_upsampler
from a2u_tf.moved import names_of

__all__ = [
    "GUIDED",
    "METHODS",
    "UPSAMPLERS",
    "A2UDownSampling2D",
    "A2UKernels",
    "A2UUpSampling2D",
    "Reassembly2D",
    "Resampling",
    "make_upsampler",
]

__getattr__ = names_of("layers")
