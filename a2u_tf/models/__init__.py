"""Networks built from the layers, and weights from elsewhere."""

from a2u_tf.models.matting import Matting, matting_net
from a2u_tf.models.reconstruction import reconstruction_net

__all__ = ["Matting", "matting_net", "reconstruction_net"]
