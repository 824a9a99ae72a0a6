"""Synthetic matting pictures: what draws takes the only origin of chance and a size, and returns a layer or colours."""

from a2u_tf.matting.data.synthetic.source import SyntheticSource

__all__ = ["SyntheticSource"]
