"""Models for programs that do not have this package."""

from a2u_tf.export.endpoints import Endpoint, Signature
from a2u_tf.export.files import export_litert, export_onnx
from a2u_tf.export.saved_model import export_saved_model

__all__ = ["Endpoint", "Signature", "export_litert", "export_onnx", "export_saved_model"]
