"""Losses of mattes on the unknown region."""

from a2u_tf.losses.gradient import GradientLoss
from a2u_tf.losses.laplacian import LaplacianLoss
from a2u_tf.losses.released import AlphaLoss, CompositionLoss
from a2u_tf.losses.weighted_sum import WeightedSum

__all__ = ["AlphaLoss", "CompositionLoss", "GradientLoss", "LaplacianLoss", "WeightedSum"]
