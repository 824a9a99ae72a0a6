"""Image matting: pictures and data sets in files, trimaps, compositions, and batches to train on."""

from a2u_tf.data.matting.augmentation import training_sample
from a2u_tf.data.matting.composition import composite, merge_foregrounds
from a2u_tf.data.matting.layouts import (
    EvaluationImage,
    TrainingForeground,
    alphamatting,
    background_pictures,
    composition_1k_test,
    composition_1k_training,
    distinctions_646_test,
    distinctions_646_training,
    rgba_foregrounds,
)
from a2u_tf.data.matting.picture_files import PictureError
from a2u_tf.data.matting.pictures import read_alpha, read_rgb, read_rgba, read_trimap, write_alpha, write_rgb
from a2u_tf.data.matting.pipeline import training_batches
from a2u_tf.data.matting.sources import MixedSource, PictureSource, RecolouredSource
from a2u_tf.data.matting.tensors import network_input, training_tensors
from a2u_tf.data.matting.trimap import exact_trimap, trimap_from_alpha, trimap_from_mask

__all__ = [
    "EvaluationImage",
    "MixedSource",
    "PictureError",
    "PictureSource",
    "RecolouredSource",
    "TrainingForeground",
    "alphamatting",
    "background_pictures",
    "composite",
    "composition_1k_test",
    "composition_1k_training",
    "distinctions_646_test",
    "distinctions_646_training",
    "exact_trimap",
    "merge_foregrounds",
    "network_input",
    "read_alpha",
    "read_rgb",
    "read_rgba",
    "read_trimap",
    "rgba_foregrounds",
    "training_batches",
    "training_sample",
    "training_tensors",
    "trimap_from_alpha",
    "trimap_from_mask",
    "write_alpha",
    "write_rgb",
]
