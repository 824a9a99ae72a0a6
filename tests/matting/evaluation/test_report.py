"""Means and tables of errors."""

import csv
import io
import math

import pytest

from a2u_tf.matting.evaluation.report import csv_table, error_table, mean_errors, without_nan, worst_images


def row(image, method, sad, mse=0.5):
    return {"image": image, "method": method, "unknown": 1000, "sad": sad, "mse": mse, "grad": 2 * sad, "conn": 0.0}


ROWS = [row("x", "ours", 1.0), row("x", "theirs", 5.0), row("y", "ours", 2.0, math.nan), row("y", "theirs", 4.0, 0.7)]


def test_means():
    ours, theirs = mean_errors(ROWS)
    assert ours == {"images": "all", "method": "ours", "count": 2, "sad": 1.5, "mse": 0.5, "grad": 3.0, "conn": 0.0}
    assert theirs["sad"] == 4.5
    assert theirs["mse"] == pytest.approx(0.6)


def test_mean_without_any_unknown_pixel_is_nan():
    (mean,) = mean_errors([row("x", "ours", 0.0, math.nan)])
    assert math.isnan(mean["mse"])
    assert without_nan([mean])[0]["mse"] is None
    assert without_nan([mean])[0]["sad"] == 0


def test_means_of_folders():
    means = mean_errors([row("Trimap1/x", "ours", 1.0), row("Trimap2/x", "ours", 2.0), row("Trimap2/y", "ours", 6.0)])
    assert [(m["images"], m["count"], m["sad"]) for m in means] == [("Trimap1", 1, 1), ("Trimap2", 2, 4), ("all", 3, 3)]


def test_mean_of_one_folder_is_not_told_twice():
    assert [m["images"] for m in mean_errors([row("Trimap1/x", "ours", 1.0)])] == ["all"]


def test_worst_images():
    assert [x["image"] for x in worst_images(ROWS, "ours", 5)] == ["y", "x"]
    assert [x["image"] for x in worst_images(ROWS, "theirs", 1)] == ["x"]


def test_csv_keeps_all_digits():
    rows = [row("a, b", "ours", 1 / 3)]
    (read,) = csv.DictReader(io.StringIO(csv_table(rows)))
    assert list(read) == list(rows[0])
    assert read["image"] == "a, b"
    assert float(read["sad"]) == 1 / 3


def test_markdown():
    table = error_table(ROWS[:3]).splitlines()
    assert table == [
        "| image | method | unknown |   SAD |     MSE |   Grad |  Conn |",
        "|-------|--------|--------:|------:|--------:|-------:|------:|",
        "| x     | ours   |   1,000 | 1.000 | 0.50000 |  2.000 | 0.000 |",
        "| x     | theirs |   1,000 | 5.000 | 0.50000 | 10.000 | 0.000 |",
        "| y     | ours   |   1,000 | 2.000 |       - |  4.000 | 0.000 |",
    ]
