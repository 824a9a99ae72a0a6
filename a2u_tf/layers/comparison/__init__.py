"""Upsampling methods to compare A2U with, each from its own paper; `a2u_tf.layers.get` makes them by name."""
