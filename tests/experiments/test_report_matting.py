"""Runs of the matting training side by side."""

import json
from types import SimpleNamespace

import cv2
import pytest

from experiments.report_matting import main
from tests.helpers import tiny_matting


def make_run(folder, upsampling, sad=8.125, samples="released"):
    """A finished run folder, but for what a report does not read."""
    folder.mkdir(parents=True)
    tiny_matting().save(folder / "best.keras")
    header, rows = "epoch,loss,val_sad,val_mse,val_grad,val_conn", ("1,0.5,9,0.3,7,8", "2,0.4,8,0.2,6,7")
    (folder / "history.csv").write_text("\n".join([header, *rows]) + "\n")
    errors = {"sad": sad, "mse": 0.2, "grad": 6.0, "conn": 7.0}
    summary = {
        "command": f"python -m train.matting --upsampling={upsampling}",
        "settings": {"validation": "synthetic", "crop_size": [64], "samples": samples, "epochs": 2},
        "parameters": 1234,
        "validation_pictures": 16,
        "best_epoch": 2,
        "metrics": {"best": errors, "last": errors},
    }
    (folder / "summary.json").write_text(json.dumps(summary))


@pytest.fixture
def report(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="needs a2u_tf[plots]")

    def report(*runs):
        values = SimpleNamespace(run=runs, pictures=2, output=str(tmp_path / "report"))
        monkeypatch.setattr("experiments.report_matting.flags.FLAGS", values)
        main(["report_matting"])
        return tmp_path / "report"

    return report


def test_report(tmp_path, report):
    make_run(tmp_path / "a", "a2u")
    make_run(tmp_path / "b", "bilinear")
    make_run(tmp_path / "c", "bilinear", sad=9.125)
    output = report(f"A2U={tmp_path / 'a'}", f"bilinear={tmp_path / 'b'}", f"bilinear={tmp_path / 'c'}")
    assert {path.name for path in output.iterdir()} == {"runs.md", "runs.json", "curves.png", "mattes.png"}
    text = (output / "runs.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    assert rows[1] == ["A2U", "1,234", "best, epoch 2", "8.125", "0.20000", "6.000", "7.000", "1"]
    assert rows[3][0::3] == ["bilinear", "8.625 ± 0.707", "7.000 ± 0.000"]
    assert rows[3][-1] == "2"
    assert "python -m train.matting --upsampling=bilinear" in text
    assert json.loads((output / "runs.json").read_text())["A2U"][0]["history"][1]["val_sad"] == "8"
    assert cv2.imread(str(output / "mattes.png")).shape == (22 + 2 * 196, 7 * 196, 3)
    assert cv2.imread(str(output / "curves.png")).std() > 0


def test_exceptions(tmp_path, report):
    make_run(tmp_path / "a", "a2u")
    make_run(tmp_path / "b", "a2u", samples="photographic")
    for runs, message in (
        ([f"x={tmp_path}"], "no summary.json in"),
        (["x"], "--run must be NAME=FOLDER"),
        ([], "Give --run NAME=FOLDER, once"),
        ([f"x={tmp_path / name}" for name in "ab"], "The runs were validated on different pictures"),
    ):
        with pytest.raises(SystemExit, match=f"^error: {message}"):
            report(*runs)
    assert not (tmp_path / "report").exists()
