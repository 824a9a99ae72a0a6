"""Weights by the names and layouts of the authors' released PyTorch model, put into our layers."""

from a2u_tf.matting.pytorch_release.kernels import assign_kernels
from a2u_tf.matting.pytorch_release.network import assign_encoder, assign_matting

__all__ = ["assign_encoder", "assign_kernels", "assign_matting"]
