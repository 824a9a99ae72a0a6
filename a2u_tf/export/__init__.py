"""Models for programs that do not have this package."""

from a2u_tf.export.saved_model import export_saved_model

__all__ = ["export_saved_model"]
