"""Weights by the names and layouts of the authors' released PyTorch model, put into our layers."""

from a2u_tf.matting.pytorch_release.checkpoint import CheckpointError, import_checkpoint, read_checkpoint
from a2u_tf.matting.pytorch_release.parameters import assign_encoder, assign_kernels, assign_matting

__all__ = [
    "CheckpointError",
    "assign_encoder",
    "assign_kernels",
    "assign_matting",
    "import_checkpoint",
    "read_checkpoint",
]
