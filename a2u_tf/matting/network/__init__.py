"""The matting network: encoder, pooled branch, decoder, and the model for pictures of any size around it."""

from a2u_tf.matting.network.model import MattingModel
from a2u_tf.matting.network.network import matting_net

__all__ = ["MattingModel", "matting_net"]
