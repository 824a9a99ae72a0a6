"""Evaluation of folders: what it writes, and what stops it before it writes anything."""

import csv
import functools
import json
import os
import sys

import cv2
import numpy as np
import pytest
from absl import app, flags

from a2u_program import evaluate as script
from a2u_tf.matting.evaluation import evaluate
from a2u_tf.matting.pictures.picture_files import PictureError
from a2u_tf.visualization import write_png
from train.run_folder import RunFolderError

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
def run(monkeypatch):
    """Call the script with flags of its own."""

    def call(*arguments):
        values = flags.FlagValues()
        with monkeypatch.context() as patch:
            for name in ("DEFINE_multi_string", "DEFINE_enum", "DEFINE_string", "DEFINE_integer"):
                patch.setattr(flags, name, functools.partial(getattr(flags, name), flag_values=values))
            script.define_flags()
        command = ["evaluate", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        monkeypatch.setattr(flags, "FLAGS", values)
        script.main(values(command))

    return call


def folder_flags(data, *methods):
    return [
        *(f"--predictions={method}={data / method}" for method in methods),
        f"--targets={data / 'alphas'}",
        f"--trimaps={data / 'trimaps'}",
        f"--images={data / 'images'}",
        f"--output={data / 'out'}",
    ]


def test_two_methods(data, run, capsys):
    run(*folder_flags(data, "exact", "wrong"), "--worst=2")
    out = data / "out"
    assert "| all    | wrong  |" in capsys.readouterr().out
    rows = list(csv.DictReader((out / "images.csv").read_text().splitlines()))
    assert [(row["image"], row["method"]) for row in rows] == [(n, m) for n in NAMES for m in ("exact", "wrong")]
    read = {
        folder: [cv2.imread(str(data / folder / f"{n}.png"), 0) for n in NAMES]
        for folder in ("wrong", "alphas", "trimaps")
    }
    expected = [evaluate(*arrays) for arrays in zip(*read.values(), strict=True)]
    for row, errors in zip(rows[1::2], expected, strict=True):
        assert {name: float(row[name]) for name in errors} == errors
        assert row["unknown"] == "300"
    means = list(csv.DictReader((out / "means.csv").read_text().splitlines()))
    assert float(means[0]["sad"]) == 0
    assert float(means[1]["sad"]) == pytest.approx(300 * 20 / 255 / 1000)
    assert float(means[1]["mse"]) == pytest.approx((10**2 + 20**2 + 30**2) / 3 / 255**2)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["means"][1]["sad"] == float(means[1]["sad"])
    assert len(summary["images"]) == 6
    assert summary["predictions"]["wrong"] == str(data / "wrong")
    assert summary["command"].startswith("python -m a2u_program.evaluate --predictions=exact=")
    tables = (out / "tables.md").read_text()
    assert summary["command"] in tables
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
    run(*folder_flags(data, "exact"), "--worst=3")
    assert len(list((data / "out" / "worst" / "exact").iterdir())) == 3
    assert "\n\\udce9,exact," in (data / "out" / "images.csv").read_text()


def test_image_without_unknown_pixels(data, run):
    write_png(data / "trimaps" / "b.png", np.full((20, 30), 255, np.uint8))
    run(*folder_flags(data, "wrong"), "--worst=0")
    summary = json.loads((data / "out" / "summary.json").read_text())
    assert summary["images"][1]["mse"] is None
    assert summary["means"][0]["mse"] == pytest.approx((10**2 + 30**2) / 2 / 255**2)
    assert not (data / "out" / "worst").exists()


def test_missing_and_superfluous_predictions_stop_before_any_work(data, run, monkeypatch):
    monkeypatch.setattr(script, "evaluate_files", lambda *_: pytest.fail("evaluated"))
    (data / "wrong" / "b.png").rename(data / "wrong" / "d.png")
    with pytest.raises(SystemExit) as info:
        run(*folder_flags(data, "exact", "wrong"))
    assert f"{data / 'wrong' / 'b'} is missing" in str(info.value)
    assert f"{data / 'wrong' / 'd.png'} belongs to no trimap" in str(info.value)
    assert not (data / "out").exists()


def test_sizes_that_differ_stop_before_any_work(data, run, monkeypatch):
    monkeypatch.setattr(script, "evaluate_files", lambda *_: pytest.fail("evaluated"))
    for name in ("a", "c"):
        write_png(data / "wrong" / f"{name}.png", np.zeros((30, 20), np.uint8))
    with pytest.raises(SystemExit) as info:
        run(*folder_flags(data, "exact", "wrong"))
    for name in ("a", "c"):
        assert f"{data / 'wrong' / name}.png is (30, 20)" in str(info.value)


def test_broken_prediction_leaves_no_output(data, run):
    path = data / "wrong" / "b.png"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(SystemExit, match=rf"error: {path} is damaged"):
        run(*folder_flags(data, "wrong"))
    assert not (data / "out").exists()


def test_output_that_is_in_use_is_left_alone(data):
    (data / "out").mkdir()
    (data / "out" / "tables.md").write_text("precious")
    images = script.images_in_folders(data / "alphas", data / "trimaps")
    with pytest.raises(RunFolderError, match="exists and is not empty"):
        script.run(images, {"wrong": data / "wrong"}, data / "out")
    assert (data / "out" / "tables.md").read_text() == "precious"


@pytest.fixture
def alphamatting(tmp_path, rng):
    """A data set in the layout of alphamatting.com, and predictions for it."""
    for trimap in (1, 2, 3):
        for name in ("doll", "net"):
            picture = rng.integers(0, 256, (8, 9), dtype=np.uint8)
            write_png(tmp_path / "set" / "input_lowres" / f"{name}.png", np.stack([picture] * 3, axis=-1))
            unknown = np.full((8, 9), 128, np.uint8)
            write_png(tmp_path / "set" / "trimap_lowres" / f"Trimap{trimap}" / f"{name}.png", unknown)
            write_png(tmp_path / "ours" / f"Trimap{trimap}" / f"{name}.png", picture)
    return [
        f"--predictions=ours={tmp_path / 'ours'}",
        "--layout=alphamatting",
        f"--data_dir={tmp_path / 'set'}",
        "--split=lowres",
    ]


def test_submission(tmp_path, run, alphamatting):
    run(*alphamatting, f"--submission={tmp_path / 'submission'}")
    assert len(list((tmp_path / "submission").glob("Trimap[123]/*.png"))) == 6
    (tmp_path / "ours" / "Trimap3" / "net.png").unlink()
    with pytest.raises(SystemExit, match="Trimap3/net is missing"):
        run(*alphamatting, f"--submission={tmp_path / 'second'}")
    assert not (tmp_path / "second").exists()


def test_layout_with_mattes(tmp_path, run, alphamatting, rng):
    for name in ("doll", "net"):
        write_png(tmp_path / "set" / "gt_lowres" / f"{name}.png", rng.integers(0, 256, (8, 9), dtype=np.uint8))
    run(*alphamatting, f"--output={tmp_path / 'out'}")
    means = list(csv.DictReader((tmp_path / "out" / "means.csv").read_text().splitlines()))
    assert [(row["images"], row["count"]) for row in means] == [
        ("Trimap1", "2"),
        ("Trimap2", "2"),
        ("Trimap3", "2"),
        ("all", "6"),
    ]
    assert len(list((tmp_path / "out" / "worst" / "ours").iterdir())) == 5


def test_mattes_that_are_not_published(tmp_path, run, alphamatting):
    with pytest.raises(SystemExit, match=r"true mattes of 6 images.*Trimap1/doll.*--submission"):
        run(*alphamatting, f"--output={tmp_path / 'out'}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give --predictions"),
        (["--predictions=folder"], "must be NAME=FOLDER"),
        (["--predictions=../x=folder"], "must be NAME=FOLDER"),
        (["--predictions=x="], "must be NAME=FOLDER"),
        (["--predictions=x=1", "--predictions=x=2"], "names x twice: 1 and 2"),
        (["--predictions=x=1"], "either --layout and --data_dir, or --targets and --trimaps"),
        (["--predictions=x=1", "--targets=1"], "either --layout"),
        (["--predictions=x=1", "--targets=1", "--trimaps=2", "--data_dir=3"], "either --layout"),
        (["--predictions=x=1", "--layout=composition_1k", "--data_dir=1", "--split=a"], "--split is for"),
        (["--predictions=x=1", "--targets=1", "--trimaps=1", "--submission=s"], "--submission takes"),
        (
            ["--predictions=x=1", "--predictions=y=1", "--layout=alphamatting", "--data_dir=1", "--submission=s"],
            "--submission takes",
        ),
        (["--predictions=x=1", "stray"], r"Unknown arguments: \['stray'\]"),
    ],
)
def test_flags_that_do_not_fit(run, arguments, message):
    with pytest.raises(app.UsageError, match=message):
        run(*arguments)


def test_missing_folders(tmp_path, run):
    with pytest.raises(SystemExit, match=r"error: .*trimaps"):
        run("--predictions=x=1", f"--targets={tmp_path / 'nowhere'}", f"--trimaps={tmp_path / 'trimaps'}")
    with pytest.raises(SystemExit, match=r"error: .*Test_set"):
        run("--predictions=x=1", "--layout=composition_1k", f"--data_dir={tmp_path}")


def test_errors_are_no_tracebacks_only_where_files_are_to_blame(data, run, monkeypatch):
    """A fault of the program is not dressed up as one of the input."""
    monkeypatch.setattr(script, "evaluate_files", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(*folder_flags(data, "wrong"))
    assert issubclass(PictureError, ValueError)
