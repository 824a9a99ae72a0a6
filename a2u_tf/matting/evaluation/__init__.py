"""The errors of alpha mattes by the field's protocol: of one matte, of a test set in files, while a network trains."""

from a2u_tf.matting.evaluation.files import (
    LAYOUTS,
    evaluate_files,
    find_predictions,
    images_in_folders,
    images_of_layout,
    write_submission,
)
from a2u_tf.matting.evaluation.protocol import evaluate
from a2u_tf.matting.evaluation.sheets import matte_sheet, matting_grid
from a2u_tf.matting.evaluation.test_set import error_table, evaluate_test_set, mean_errors
from a2u_tf.matting.evaluation.validation import (
    FilePictures,
    ProtocolValidation,
    ValidationPicture,
    held_out_pictures,
    validate,
)

__all__ = [
    "LAYOUTS",
    "FilePictures",
    "ProtocolValidation",
    "ValidationPicture",
    "error_table",
    "evaluate",
    "evaluate_files",
    "evaluate_test_set",
    "find_predictions",
    "held_out_pictures",
    "images_in_folders",
    "images_of_layout",
    "matte_sheet",
    "matting_grid",
    "mean_errors",
    "validate",
    "write_submission",
]
