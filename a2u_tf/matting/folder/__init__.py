"""Pictures of a folder, one after another: which, and what is done with each."""

from a2u_tf.matting.folder.mattes import matte_all

__all__ = ["matte_all"]
