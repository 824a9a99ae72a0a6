"""What a picture, a trimap, a mask and a data set's layout are; the reader and the writer of each."""

from a2u_tf.matting.pictures.formats import PictureError
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
from a2u_tf.matting.pictures.picture import Picture, as_8_bits, composite, merge_foregrounds, over_white
from a2u_tf.matting.pictures.reading import read_alpha, read_picture, read_rgb, read_rgba, read_strokes, read_trimap
from a2u_tf.matting.pictures.selection import trimap_from_box, trimap_from_strokes
from a2u_tf.matting.pictures.trimap import Trimap, exact_trimap, trimap_from_alpha, trimap_from_mask
from a2u_tf.matting.pictures.writing import write_alpha, write_rgb

__all__ = [
    "EvaluationImage",
    "Picture",
    "PictureError",
    "TrainingForeground",
    "Trimap",
    "alphamatting",
    "as_8_bits",
    "background_pictures",
    "composite",
    "composition_1k_test",
    "composition_1k_training",
    "distinctions_646_test",
    "distinctions_646_training",
    "exact_trimap",
    "merge_foregrounds",
    "over_white",
    "read_alpha",
    "read_picture",
    "read_rgb",
    "read_rgba",
    "read_strokes",
    "read_trimap",
    "rgba_foregrounds",
    "trimap_from_alpha",
    "trimap_from_box",
    "trimap_from_mask",
    "trimap_from_strokes",
    "write_alpha",
    "write_rgb",
]
