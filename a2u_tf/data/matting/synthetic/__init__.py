"""Synthetic matting pictures, drawn on the fly: foregrounds with exact alpha, and backgrounds."""

from a2u_tf.data.matting.synthetic.source import SyntheticSource

__all__ = ["SyntheticSource"]
