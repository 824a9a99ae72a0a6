"""Losses of mattes on the unknown region."""

from a2u_tf.matting.losses.matting_loss import AlphaLoss, CompositionLoss, GradientLoss, LaplacianLoss, WeightedSum

__all__ = ["AlphaLoss", "CompositionLoss", "GradientLoss", "LaplacianLoss", "WeightedSum"]
