"""Synthetic matting pictures, drawn on the fly: foregrounds with exact alpha, and backgrounds."""

from a2u_tf.matting.data.synthetic.source import SyntheticSource

__all__ = ["SyntheticSource"]
