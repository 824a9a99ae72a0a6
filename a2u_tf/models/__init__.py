"""Networks built from the layers, and weights from elsewhere."""

from a2u_tf.models.reconstruction import reconstruction_net

__all__ = ["reconstruction_net"]
