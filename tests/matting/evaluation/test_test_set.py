"""Predictions of a test set: what is written, what stops it before anything is written, and the tables."""

import csv
import json
import math
import os

import cv2
import numpy as np
import pytest

from a2u_tf.files import write_png
from a2u_tf.matting.evaluation import error_table, evaluate, evaluate_test_set, images_in_folders, mean_errors, test_set
from a2u_tf.matting.pictures import PictureError

NAMES = ("a", "b", "c")


@pytest.fixture
def data(tmp_path, rng):
    """Three test images, and predictions of two methods: exact, and wrong by 10 levels times the image's number."""
    for number, name in enumerate(NAMES, start=1):
        target = rng.integers(50, 200, (20, 30), dtype=np.uint8)
        trimap = np.full((20, 30), 255, np.uint8)
        trimap[5:15] = 128
        for folder, picture in {
            "alphas": target,
            "trimaps": trimap,
            "images": np.stack([target] * 3, axis=-1),
            "exact": target,
            "wrong": target - np.uint8(10 * number),
        }.items():
            write_png(tmp_path / folder / f"{name}.png", picture)
    return tmp_path


@pytest.fixture
def run(data):
    """Evaluate some of the methods."""

    def run(*methods, **options):
        images = images_in_folders(data / "alphas", data / "trimaps", data / "images")
        return evaluate_test_set(images, {method: data / method for method in methods}, data / "out", **options)

    return run


def read_rows(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_two_methods(data, run, monkeypatch, capsys):
    monkeypatch.setattr(test_set, "IMAGES_BETWEEN_REPORTS", 4)
    means = run("exact", "wrong", worst=2, command="a2u evaluate")
    assert capsys.readouterr().out == "4 of 6 evaluated\n"
    out = data / "out"
    rows = read_rows(out / "images.csv")
    assert [(row["image"], row["method"]) for row in rows] == [(n, m) for n in NAMES for m in ("exact", "wrong")]
    for row in rows:
        folders = [data / folder / f"{row['image']}.png" for folder in (row["method"], "alphas", "trimaps")]
        errors = evaluate(*(cv2.imread(str(path), 0) for path in folders))
        assert {name: float(row[name]) for name in errors} == errors
        assert row["unknown"] == "300"
    assert [float(row["sad"]) for row in read_rows(out / "means.csv")] == [row["sad"] for row in means]
    assert means[0]["sad"] == 0
    assert means[1]["sad"] == pytest.approx(300 * 20 / 255 / 1000)
    assert means[1]["mse"] == pytest.approx((10**2 + 20**2 + 30**2) / 3 / 255**2)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["means"] == means
    assert len(summary["images"]) == 6
    assert summary["predictions"]["wrong"] == str(data / "wrong")
    assert summary["command"] == "a2u evaluate"
    tables = (out / "tables.md").read_text()
    assert tables.endswith("\nMade by\n\n    a2u evaluate\n")
    assert "| c     | wrong  |     300 | 0.035" in tables
    sheets = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png"))
    assert sheets == [f"worst/{s}.png" for s in ("exact/01_a", "exact/02_b", "wrong/01_c", "wrong/02_b")]
    assert not [path for path in out.rglob(".*")]


def test_any_name(data, run):
    """Long ones, and those that are no UTF-8, get sheets and stand in the tables."""
    long, latin = "n" * 251, os.fsdecode(b"\xe9")
    for folder in ("exact", "alphas", "trimaps", "images"):
        (data / folder / "a.png").rename(data / folder / f"{long}.png")
        (data / folder / "b.png").rename(data / folder / f"{latin}.png")
    run("exact", worst=3)
    assert len(list((data / "out" / "worst" / "exact").iterdir())) == 3
    assert "\n\\udce9,exact," in (data / "out" / "images.csv").read_text()


def test_image_without_unknown_pixels(data, run):
    write_png(data / "trimaps" / "b.png", np.full((20, 30), 255, np.uint8))
    run("wrong", worst=0)
    summary = json.loads((data / "out" / "summary.json").read_text())
    assert summary["images"][1]["mse"] is None
    assert summary["means"][0]["mse"] == pytest.approx((10**2 + 30**2) / 2 / 255**2)
    assert not (data / "out" / "worst").exists()


def test_predictions_that_do_not_fit_stop_before_any_work(data, run, monkeypatch):
    monkeypatch.setattr(test_set, "evaluate_files", lambda *_: pytest.fail("evaluated"))
    (data / "wrong" / "b.png").rename(data / "wrong" / "d.png")
    write_png(data / "wrong" / "a.png", np.zeros((30, 20), np.uint8))
    with pytest.raises(PictureError) as info:
        run("exact", "wrong")
    for part in ("b is missing", "d.png belongs to no trimap", "a.png is (30, 20)"):
        assert f"{data / 'wrong'}/{part}" in str(info.value)
    assert not (data / "out").exists()


def test_broken_prediction_or_trimap_leaves_no_output(data, run):
    path = data / "wrong" / "b.png"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(PictureError, match=rf"^{path} is damaged"):
        run("wrong")
    write_png(data / "trimaps" / "a.png", np.full((20, 30), 2, np.uint8))
    with pytest.raises(PictureError, match=rf"^{data / 'trimaps' / 'a.png'} has neither .* Received: 2, of 255"):
        run("wrong")
    assert not (data / "out").exists()


def test_output_that_is_in_use_is_left_alone(data, run):
    (data / "out").mkdir()
    (data / "out" / "tables.md").write_text("precious")
    with pytest.raises(FileExistsError, match="exists and is not empty"):
        run("wrong")
    assert (data / "out" / "tables.md").read_text() == "precious"


def row(image, method, sad, mse=0.5):
    return {"image": image, "method": method, "unknown": 1000, "sad": sad, "mse": mse, "grad": 2 * sad, "conn": 0.0}


ROWS = [row("x", "ours", 1.0), row("x", "theirs", 5.0), row("y", "ours", 2.0, math.nan), row("y", "theirs", 4.0, 0.7)]


def test_means():
    ours, theirs = mean_errors(ROWS)
    assert ours == {"images": "all", "method": "ours", "count": 2, "sad": 1.5, "mse": 0.5, "grad": 3.0, "conn": 0.0}
    assert (theirs["sad"], theirs["mse"]) == (4.5, pytest.approx(0.6))


def test_means_of_folders():
    means = mean_errors([row("Trimap1/x", "ours", 1.0), row("Trimap2/x", "ours", 2.0), row("Trimap2/y", "ours", 6.0)])
    assert [(m["images"], m["count"], m["sad"]) for m in means] == [("Trimap1", 1, 1), ("Trimap2", 2, 4), ("all", 3, 3)]


def test_mean_of_one_folder_is_not_told_twice_and_without_unknown_pixels_nan():
    (mean,) = mean_errors([row("Trimap1/x", "ours", 1.0, math.nan)])
    assert (mean["images"], mean["sad"]) == ("all", 1)
    assert math.isnan(mean["mse"])


def test_markdown():
    assert error_table(ROWS[:3]).splitlines() == [
        "| image | method | unknown |   SAD |     MSE |   Grad |  Conn |",
        "|-------|--------|--------:|------:|--------:|-------:|------:|",
        "| x     | ours   |   1,000 | 1.000 | 0.50000 |  2.000 | 0.000 |",
        "| x     | theirs |   1,000 | 5.000 | 0.50000 | 10.000 | 0.000 |",
        "| y     | ours   |   1,000 | 2.000 |       - |  4.000 | 0.000 |",
    ]
