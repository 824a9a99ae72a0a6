"""Image matting: a picture and a trimap to a matte."""

from a2u_tf.matting import losses
from a2u_tf.matting.network import MattingModel, matting_net

__all__ = ["MattingModel", "losses", "matting_net"]
