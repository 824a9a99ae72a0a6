"""What a picture, a trimap, a mask and a data set's layout are; the reader and the writer of each."""

from a2u_tf.matting.pictures.composition import composite, merge_foregrounds
from a2u_tf.matting.pictures.layouts import (
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
from a2u_tf.matting.pictures.picture_files import PictureError
from a2u_tf.matting.pictures.pictures import read_alpha, read_rgb, read_rgba, read_trimap, write_alpha, write_rgb
from a2u_tf.matting.pictures.trimap import exact_trimap, trimap_from_alpha, trimap_from_mask

__all__ = [
    "EvaluationImage",
    "PictureError",
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
    "read_alpha",
    "read_rgb",
    "read_rgba",
    "read_trimap",
    "rgba_foregrounds",
    "trimap_from_alpha",
    "trimap_from_mask",
    "write_alpha",
    "write_rgb",
]
