"""The matting network and the user-level model around it."""

from a2u_tf.models.matting.matting import Matting
from a2u_tf.models.matting.network import matting_net

__all__ = ["Matting", "matting_net"]
