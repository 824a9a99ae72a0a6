"""Runs of the matting training side by side."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.helpers import tiny_matting

ROOT = Path(__file__).parents[2]


def make_run(folder, upsampling):
    """A finished run folder, but for what a report does not read."""
    folder.mkdir(parents=True)
    tiny_matting().save(folder / "best.keras")
    header, rows = "epoch,loss,val_sad,val_mse,val_grad,val_conn", ("1,0.5,9,0.3,7,8", "2,0.4,8,0.2,6,7")
    (folder / "history.csv").write_text("\n".join([header, *rows]) + "\n")
    errors = {"sad": 8.125, "mse": 0.2, "grad": 6.0, "conn": 7.0}
    summary = {
        "command": f"python -m train.matting --upsampling={upsampling}",
        "settings": {"validation": "synthetic", "crop_size": 64, "epochs": 2},
        "parameters": 1234,
        "validation_pictures": 16,
        "best_epoch": 2,
        "metrics": {"best": errors, "last": errors},
    }
    (folder / "summary.json").write_text(json.dumps(summary))


def report(*arguments):
    command = [sys.executable, "-m", "experiments.report_matting", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.mark.process
def test_report(tmp_path):
    pytest.importorskip("matplotlib", reason="needs a2u_tf[plots]")
    make_run(tmp_path / "a", "a2u")
    make_run(tmp_path / "b", "bilinear")
    output = tmp_path / "report"
    runs = f"--run=A2U={tmp_path / 'a'}", f"--run=bilinear={tmp_path / 'b'}"
    result = report(*runs, "--pictures=2", f"--output={output}")
    assert result.returncode == 0, result.stderr
    assert {path.name for path in output.iterdir()} == {"runs.md", "runs.json", "curves.png", "mattes.png"}
    text = (output / "runs.md").read_text()
    assert "8.125" in text
    assert "python -m train.matting --upsampling=bilinear" in text
    assert json.loads((output / "runs.json").read_text())["A2U"]["history"][1]["val_sad"] == "8"
    assert cv2.imread(str(output / "mattes.png")).shape == (22 + 2 * 196, 7 * 196, 3)
    assert cv2.imread(str(output / "curves.png")).std() > 0


@pytest.mark.process
def test_exception_of_runs_that_are_not_finished(tmp_path):
    pytest.importorskip("matplotlib", reason="needs a2u_tf[plots]")
    result = report(f"--run=x={tmp_path}", f"--output={tmp_path / 'report'}")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("error: no summary.json in")
    assert not (tmp_path / "report").exists()
