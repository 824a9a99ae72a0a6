"""For anybody's `fit`: callbacks, metrics, optimizers, fused normalisation, data, several devices or machines."""

from a2u_tf.training import metrics, optimizers
from a2u_tf.training.callbacks import AtomicBackupAndRestore, BestAndLast, EpochTable, StopAtNonFinite
from a2u_tf.training.distribution import DistributedModel, Share, distributed
from a2u_tf.training.fused_normalization import fuse_batch_normalization, unfuse_batch_normalization
from a2u_tf.training.metrics import PSNR, SSIM
from a2u_tf.training.optimizers import LayerwiseAdam
from a2u_tf.training.tf_data import without_autotuning

__all__ = [
    "PSNR",
    "SSIM",
    "AtomicBackupAndRestore",
    "BestAndLast",
    "DistributedModel",
    "EpochTable",
    "LayerwiseAdam",
    "Share",
    "StopAtNonFinite",
    "distributed",
    "fuse_batch_normalization",
    "metrics",
    "optimizers",
    "unfuse_batch_normalization",
    "without_autotuning",
]
