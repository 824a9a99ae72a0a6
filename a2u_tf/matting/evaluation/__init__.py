"""The errors of alpha mattes by the field's protocol."""

from a2u_tf.matting.evaluation.protocol import evaluate

__all__ = ["evaluate"]
