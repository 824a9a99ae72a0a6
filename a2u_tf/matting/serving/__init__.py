"""The endpoints of a matting SavedModel: pixels, and picture files."""

from a2u_tf.matting.serving.endpoint import matting_endpoint

__all__ = ["matting_endpoint"]
