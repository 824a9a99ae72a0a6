"""Predictions of a whole test set, by one method or several: their errors, as tables, and sheets of the worst."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from a2u_tf.files import versions, write_json, write_text
from a2u_tf.matting.evaluation.files import Row, evaluate_files, read_levels, true_levels
from a2u_tf.matting.evaluation.images import find_predictions
from a2u_tf.matting.evaluation.report import csv_table, error_table, mean_errors, without_nan, worst_images
from a2u_tf.matting.evaluation.sheet import matte_sheet
from a2u_tf.matting.pictures import EvaluationImage, read_rgb, read_trimap

NOTE = (
    "Of the trimaps' unknown region, on 8-bit mattes; SAD, Grad and Conn over 1000. Lower is better. The mean of "
    "the MSE leaves out images without unknown pixels."
)
IMAGES_BETWEEN_REPORTS = 100


def evaluate_test_set(
    images: Sequence[EvaluationImage],
    folders: Mapping[str, Path | str],
    output: Path | str,
    worst: int = 5,
    command: str | None = None,
) -> list[dict[str, Any]]:
    """Evaluate all predictions, and write tables.md, means.csv, images.csv, summary.json and sheets.

    Nothing is written before all images are evaluated.

    Args:
        images: The test set.
        folders: Dict from methods to folders of predictions, see `find_predictions`.
        output: Folder to write to, new or empty.
        worst: How many sheets for each method, of the images on which it errs most: `worst/METHOD/`.
        command: What started this, for the record.

    Returns:
        The rows of `mean_errors`.

    Raises:
        FileNotFoundError: Where a true matte is not published, or a folder is missing.
        FileExistsError: Where the output is in use.
        PictureError: For predictions that are missing or superfluous, and files that cannot be read.
    """
    output = Path(output)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise FileExistsError(f"{output} exists and is not empty. Give another --output, or move it away.")
    if hidden := [image.name for image in images if image.alpha is None]:
        raise FileNotFoundError(
            f"The true mattes of {len(hidden)} images are not there, of {hidden[0]} for one. Without them there is no "
            "evaluation here; --submission prepares one at alphamatting.com."
        )
    predictions = {method: find_predictions(images, folder) for method, folder in folders.items()}
    rows = []
    for row in evaluate_files(images, predictions):
        rows.append(row)
        if len(rows) % IMAGES_BETWEEN_REPORTS == 0:
            print(f"{len(rows)} of {len(images) * len(predictions)} evaluated", flush=True)
    means = mean_errors(rows)
    _write_sheets(images, predictions, rows, output / "worst", worst)
    tables = f"# Errors of alpha mattes\n\n{NOTE}\n\n## Means\n\n{error_table(means)}\n\n"
    tables += f"## Images\n\n{error_table(rows)}\n"
    if command:
        tables += f"\nMade by\n\n    {command}\n"
    for name, text in {"means.csv": csv_table(means), "images.csv": csv_table(rows), "tables.md": tables}.items():
        write_text(output / name, text)
    summary = {
        "command": command,
        "versions": versions(),
        "predictions": {method: str(folder) for method, folder in folders.items()},
        "means": without_nan(means),
        "images": without_nan(rows),
    }
    write_json(output / "summary.json", summary)
    return means


def _write_sheets(
    images: Sequence[EvaluationImage],
    predictions: Mapping[str, Mapping[str, Path]],
    rows: Sequence[Row],
    folder: Path,
    count: int,
) -> None:
    """Write a sheet for each of the worst images of each method."""
    by_name = {image.name: image for image in images}
    for method, paths in predictions.items():
        for rank, row in enumerate(worst_images(rows, method, count), start=1):
            image = by_name[row["image"]]
            matte_sheet(
                read_levels(paths[image.name]),
                true_levels(image),
                read_trimap(image.trimap).levels,
                folder / method / f"{rank:02}_{image.name.replace('/', '_')[:50]}.png",
                None if image.image is None else read_rgb(image.image),
                f"{image.name}, {method}:  SAD {row['sad']:.3f}  MSE {row['mse']:.5f}  Grad {row['grad']:.3f}  "
                f"Conn {row['conn']:.3f}",
            )
