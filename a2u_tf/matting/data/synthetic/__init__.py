"""Synthetic matting pictures, drawn on the fly: foregrounds with exact alpha, and backgrounds.

What draws takes `(rng, height, width)`: a `numpy.random.Generator`, the only origin of chance, and the picture's size
in pixels. A kind of foreground returns a layer, see `a2u_tf.matting.data.synthetic.layers`.
"""

from a2u_tf.matting.data.synthetic.source import SyntheticSource

__all__ = ["SyntheticSource"]
