"""Predictions of a whole test set, by one method or several: their errors, as tables, and sheets of the worst."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from a2u_tf.files import markdown_table, versions, write_json, write_text
from a2u_tf.matting.evaluation.files import Row, evaluate_files, find_predictions, read_levels, true_levels
from a2u_tf.matting.evaluation.protocol import ERRORS, mean
from a2u_tf.matting.evaluation.sheets import matte_sheet
from a2u_tf.matting.pictures import EvaluationImage, read_rgb, read_trimap

TITLES = {"sad": "SAD", "mse": "MSE", "grad": "Grad", "conn": "Conn"}
DIGITS = {"sad": 3, "mse": 5, "grad": 3, "conn": 3}
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
    """Evaluate all predictions, write tables.md, means.csv, images.csv, summary.json and sheets, return `mean_errors`.

    Nothing is written before all images are evaluated.

    Args:
        images: List of `EvaluationImage`, the test set.
        folders: Dict from methods to folders of predictions, see `find_predictions`.
        output: Folder to write to, new or empty.
        worst: How many sheets for each method, of the images on which it errs most: `worst/METHOD/`.
        command: What started this, for the record.

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
    by_name = {image.name: image for image in images}
    for method, paths in predictions.items():
        of_method = [row for row in rows if row["method"] == method]
        for rank, row in enumerate(sorted(of_method, key=lambda row: -row["sad"])[:worst], start=1):
            image = by_name[row["image"]]
            matte_sheet(
                read_levels(paths[image.name]),
                true_levels(image),
                read_trimap(image.trimap).levels,
                output / "worst" / method / f"{rank:02}_{image.name.replace('/', '_')[:50]}.png",
                None if image.image is None else read_rgb(image.image),
                f"{image.name}, {method}:  "
                + "  ".join(f"{TITLES[error]} {_cell(error, row[error])}" for error in ERRORS),
            )
    tables = f"# Errors of alpha mattes\n\n{NOTE}\n\n## Means\n\n{error_table(means)}\n\n"
    tables += f"## Images\n\n{error_table(rows)}\n"
    if command:
        tables += f"\nMade by\n\n    {command}\n"
    for name, text in {"means.csv": _csv_table(means), "images.csv": _csv_table(rows), "tables.md": tables}.items():
        write_text(output / name, text)
    summary = {
        "command": command,
        "versions": versions(),
        "predictions": {method: str(folder) for method, folder in folders.items()},
        "means": _without_nan(means),
        "images": _without_nan(rows),
    }
    write_json(output / "summary.json", summary)
    return means


def mean_errors(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Average the errors of each method over the images, from the dicts of `evaluate_files`.

    Returns dicts with `"images"`: `"all"`, or the folder, where the names of the images have several; `"method"`,
    `"count"`, the number of images, and the four errors. The mean of the MSE leaves out images without unknown pixels,
    which have none.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(PurePosixPath(row["image"]).parent), []).append(row)
    groups = {**(groups if len(groups) > 1 else {}), "all": list(rows)}
    means: list[dict[str, Any]] = []
    for name, group in groups.items():
        for method in dict.fromkeys(row["method"] for row in group):
            chosen = [row for row in group if row["method"] == method]
            errors = {error: mean(row[error] for row in chosen) for error in ERRORS}
            means.append({"images": name, "method": method, "count": len(chosen), **errors})
    return means


def error_table(rows: Sequence[Row]) -> str:
    """Format dicts of the same keys as a Markdown table; errors are rounded as in papers."""
    keys = list(rows[0])
    cells = [[TITLES.get(key, key) for key in keys], *([_cell(key, row[key]) for key in keys] for row in rows)]
    return markdown_table(cells, [not isinstance(rows[0][key], str) for key in keys])


def _cell(key: str, value: Any) -> str:
    if key not in DIGITS:
        return f"{value:,}" if isinstance(value, int) else str(value)
    return "-" if math.isnan(value) else f"{value:.{DIGITS[key]}f}"


def _csv_table(rows: Sequence[Row]) -> str:
    table = io.StringIO()
    writer = csv.DictWriter(table, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue()


def _without_nan(rows: Iterable[Row]) -> list[Row]:
    """Replace NaN by `None`, as JSON has no NaN."""
    return [{key: None if value != value else value for key, value in row.items()} for row in rows]
