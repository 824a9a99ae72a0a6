"""The weights that ship, and the loader of models."""

from a2u_tf.matting.weights.loading import load_matting, read_model

__all__ = ["load_matting", "read_model"]
