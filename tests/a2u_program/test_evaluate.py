"""The command that evaluates; what it calls has its tests beside it."""

import csv
import json

import numpy as np
import pytest

from a2u_program.main import main
from a2u_tf.files import write_png


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: main(["evaluate", *arguments])


@pytest.fixture
def alphamatting(tmp_path, rng, monkeypatch):
    """A data set in the layout of alphamatting.com, and predictions for it."""
    monkeypatch.setenv("SETS", str(tmp_path))
    for trimap in (1, 2, 3):
        for name in ("doll", "net"):
            picture = rng.integers(0, 256, (8, 9), dtype=np.uint8)
            write_png(tmp_path / "set" / "input_lowres" / f"{name}.png", np.stack([picture] * 3, axis=-1))
            unknown = np.full((8, 9), 128, np.uint8)
            write_png(tmp_path / "set" / "trimap_lowres" / f"Trimap{trimap}" / f"{name}.png", unknown)
            write_png(tmp_path / "ours" / f"Trimap{trimap}" / f"{name}.png", picture)
    return ["--predictions", "ours=ours", "--layout", "alphamatting", "--data-dir", "$SETS/set", "--split", "lowres"]


def test_folders(tmp_path, run, rng, capsys):
    matte = rng.integers(0, 256, (8, 9), dtype=np.uint8)
    for folder in ("alphas", "one", "two"):
        write_png(tmp_path / folder / "a.png", matte)
    write_png(tmp_path / "trimaps" / "a.png", np.full((8, 9), 128, np.uint8))
    arguments = ["--predictions", "one=one", "--predictions", "the two=two", "--targets", "alphas"]
    assert run(*arguments, "--trimaps", "trimaps", "--output", "out", "--worst", "1") == 0
    out = capsys.readouterr().out
    assert "| all    | the two |     1 | 0.000" in out
    assert out.endswith("Tables and sheets: out\n")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["command"].startswith("a2u evaluate --predictions one=one --predictions 'the two=two' --targets")
    assert len(list((tmp_path / "out" / "worst" / "the two").iterdir())) == 1


def test_submission(tmp_path, run, alphamatting, capsys):
    assert run(*alphamatting, "--submission", "submission") == 0
    assert len(list((tmp_path / "submission").glob("Trimap[123]/*.png"))) == 6
    (tmp_path / "ours" / "Trimap3" / "net.png").unlink()
    assert run(*alphamatting, "--submission", "second") == 1
    assert "Trimap3/net is missing" in capsys.readouterr().err
    assert not (tmp_path / "second").exists()


def test_layout(tmp_path, run, alphamatting, rng, capsys):
    assert run(*alphamatting, "--output", "out") == 1
    assert "true mattes of 6 images are not there, of Trimap1/doll" in capsys.readouterr().err
    for name in ("doll", "net"):
        write_png(tmp_path / "set" / "gt_lowres" / f"{name}.png", rng.integers(0, 256, (8, 9), dtype=np.uint8))
    assert run(*alphamatting, "--output", "out") == 0
    means = list(csv.DictReader((tmp_path / "out" / "means.csv").read_text().splitlines()))
    counts = {row["images"]: row["count"] for row in means}
    assert counts == {"Trimap1": "2", "Trimap2": "2", "Trimap3": "2", "all": "6"}
    assert len(list((tmp_path / "out" / "worst" / "ours").iterdir())) == 5


X = ("--predictions", "x=1")
SET = ("--layout", "alphamatting", "--data-dir", "1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give --predictions"),
        *((["--predictions", value], "must be NAME=FOLDER") for value in ("folder", "../x=folder", "x=")),
        ([*X, "--predictions", "x=2"], "names x twice: 1 and 2"),
        (X, "either --layout and --data-dir, or --targets and --trimaps"),
        ([*X, "--targets", "1"], "either --layout"),
        ([*X, "--targets", "1", "--trimaps", "2", "--data-dir", "3"], "either --layout"),
        ([*X, "--layout", "composition_1k", "--data-dir", "1", "--split", "a"], "--split is for"),
        ([*X, "--targets", "1", "--trimaps", "1", "--submission", "s"], "--submission takes"),
        ([*X, "--predictions", "y=1", *SET, "--submission", "s"], "--submission takes"),
        ([*X, "--targets", "1", "--trimaps", "1", "--worst", "-1"], "--worst must be 0 or more. Received: -1"),
    ],
)
def test_arguments_that_do_not_fit(run, capsys, arguments, message):
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    assert end.value.code == 2
    assert message in capsys.readouterr().err
