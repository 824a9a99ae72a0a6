"""Predictions in the form that alphamatting.com takes: `Trimap1/NAME.png` to `Trimap3/NAME.png`, grey, 8 bits."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from a2u_tf.files import check_not_inputs, write_png
from a2u_tf.matting.evaluation.files import read_levels
from a2u_tf.matting.pictures import EvaluationImage

FOLDERS = ["Trimap1", "Trimap2", "Trimap3"]


def write_submission(images: Sequence[EvaluationImage], predictions: Mapping[str, Path], folder: Path | str) -> None:
    """Write a submission from predictions of 8 or 16 bits.

    Args:
        images: List of `EvaluationImage` from `images_of_layout("alphamatting", ...)`.
        predictions: Dict from names of images to paths, from `find_predictions`.
        folder: Folder to write to.

    Raises:
        FileNotFoundError: Where a trimap of the three is missing.
        PictureError: For a prediction that cannot be read.
        ValueError: Where a file of the submission would replace a prediction.
        OSError: Where a file cannot be opened or written.
    """
    found = sorted({str(PurePosixPath(image.name).parent) for image in images})
    if found != FOLDERS:
        raise FileNotFoundError(
            f"A submission to alphamatting.com needs images with {', '.join(FOLDERS)}. Received: {', '.join(found)}. "
            "Name the folder of its test images, with all their trimaps."
        )
    outputs = {image.name: Path(folder) / f"{image.name}.png" for image in images}
    check_not_inputs(outputs.values(), predictions.values())
    for image in images:
        write_png(outputs[image.name], read_levels(predictions[image.name]))
