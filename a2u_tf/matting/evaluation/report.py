"""Errors of many images as tables."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

from a2u_tf.files import markdown_table
from a2u_tf.matting.evaluation.files import Row
from a2u_tf.matting.evaluation.protocol import ERRORS

TITLES = {"sad": "SAD", "mse": "MSE", "grad": "Grad", "conn": "Conn"}
DIGITS = {"sad": 3, "mse": 5, "grad": 3, "conn": 3}


def mean_errors(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Average the errors of each method over the images.

    Args:
        rows: Dicts from `a2u_tf.matting.evaluation.files.evaluate_files`.

    Returns:
        List of dicts with `"images"`: `"all"`, or the folder, where the names of the images have several; `"method"`,
        `"count"`, the number of images, and the four errors. The mean of the MSE leaves out images without unknown
        pixels, which have none.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(PurePosixPath(row["image"]).parent), []).append(row)
    groups = {**(groups if len(groups) > 1 else {}), "all": list(rows)}
    means: list[dict[str, Any]] = []
    for name, group in groups.items():
        for method in dict.fromkeys(row["method"] for row in group):
            chosen = [row for row in group if row["method"] == method]
            errors = {error: _mean([row[error] for row in chosen]) for error in ERRORS}
            means.append({"images": name, "method": method, "count": len(chosen), **errors})
    return means


def worst_images(rows: Iterable[Row], method: str, count: int) -> list[Row]:
    """Return the rows of the `count` images on which a method has the largest SAD, the worst first."""
    return sorted((row for row in rows if row["method"] == method), key=lambda row: -row["sad"])[:count]


def csv_table(rows: Sequence[Row]) -> str:
    """Format dicts of the same keys as CSV with all digits."""
    table = io.StringIO()
    writer = csv.DictWriter(table, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue()


def error_table(rows: Sequence[Row]) -> str:
    """Format dicts of the same keys as a Markdown table; errors are rounded as in papers."""
    keys = list(rows[0])
    cells = [[TITLES.get(key, key) for key in keys], *([_cell(key, row[key]) for key in keys] for row in rows)]
    return markdown_table(cells, [not isinstance(rows[0][key], str) for key in keys])


def without_nan(rows: Iterable[Row]) -> list[Row]:
    """Replace NaN by `None`, as JSON has no NaN."""
    return [{key: None if value != value else value for key, value in row.items()} for row in rows]


def _cell(key: str, value: Any) -> str:
    if key not in DIGITS:
        return f"{value:,}" if isinstance(value, int) else str(value)
    return "-" if math.isnan(value) else f"{value:.{DIGITS[key]}f}"


def _mean(values: Iterable[float]) -> float:
    """Over those that are not NaN."""
    values = [value for value in values if not math.isnan(value)]
    return math.fsum(values) / len(values) if values else math.nan
