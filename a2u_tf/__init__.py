"""Affinity-aware upsampling (A2U, CVPR 2021) for Keras."""

# All classes that a saved model may name are imported here, so that Keras knows them.
from a2u_tf import layers, matting, moved, ops, reconstruction, training
from a2u_tf.version import __version__

__all__ = ["__version__", "layers", "matting", "ops", "reconstruction", "training"]

moved.keep_old_modules()
__getattr__ = moved.names_of("")
