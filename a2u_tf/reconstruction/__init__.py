"""The paper's experiment: an auto-encoder that restores digits, and its data."""

from a2u_tf.reconstruction import data
from a2u_tf.reconstruction.network import reconstruction_net

__all__ = ["data", "reconstruction_net"]
