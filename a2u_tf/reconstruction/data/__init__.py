"""Data: digits from files, and digits drawn on the fly."""

from a2u_tf.reconstruction.data.digits import load_digits
from a2u_tf.reconstruction.data.synthetic_digits import make_synthetic_digits, synthetic_digits

__all__ = ["load_digits", "make_synthetic_digits", "synthetic_digits"]
