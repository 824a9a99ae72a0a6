"""Training samples of image matting: sources, the random chains from two pictures to a crop, batches."""

from a2u_tf.matting.data.augmentation import network_input, training_sample, training_tensors
from a2u_tf.matting.data.photographic import photographic_sample
from a2u_tf.matting.data.pipeline import training_batches
from a2u_tf.matting.data.sources import MixedSource, PictureSource, RecolouredSource, Source

__all__ = [
    "MixedSource",
    "PictureSource",
    "RecolouredSource",
    "Source",
    "network_input",
    "photographic_sample",
    "training_batches",
    "training_sample",
    "training_tensors",
]
