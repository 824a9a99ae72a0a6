"""Losses of mattes on the unknown region."""

from a2u_tf.matting.losses.deep_image_matting import AlphaLoss, CompositionLoss
from a2u_tf.matting.losses.gradient import GradientLoss
from a2u_tf.matting.losses.laplacian import LaplacianLoss
from a2u_tf.matting.losses.weighted_sum import WeightedSum

__all__ = ["AlphaLoss", "CompositionLoss", "GradientLoss", "LaplacianLoss", "WeightedSum"]
