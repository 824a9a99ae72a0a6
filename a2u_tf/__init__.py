"""Affinity-aware upsampling (A2U, CVPR 2021) for Keras."""

from a2u_tf import data, layers, models, ops
from a2u_tf.version import __version__

__all__ = ["__version__", "data", "layers", "models", "ops"]
