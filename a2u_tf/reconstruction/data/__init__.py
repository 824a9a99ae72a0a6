"""Digits, from files and drawn on the fly, and batches of them."""

from a2u_tf.reconstruction.data.batches import batches_in_order, shuffled_batches
from a2u_tf.reconstruction.data.digits import load_digits
from a2u_tf.reconstruction.data.synthetic_digits import make_synthetic_digits, synthetic_digits

__all__ = ["batches_in_order", "load_digits", "make_synthetic_digits", "shuffled_batches", "synthetic_digits"]
