"""The table of costs, end to end at tiny sizes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from a2u_tf.complexity import Cost
from a2u_tf.layers import UPSAMPLERS
from train import cost

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.tensorflow


def run(*arguments):
    command = [sys.executable, "-m", "train.cost", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


def test_command(tmp_path):
    output = tmp_path / "folder" / "cost"
    result = run("--method=bilinear", "--size=32", "--width=0.05", f"--output={output}")
    assert result.returncode == 0, result.stderr
    text = output.with_suffix(".md").read_text()
    assert text in result.stdout
    assert "3, 3, 6, 13 channels" in text
    assert "Published" not in text, "other sizes are not those of the published figures"
    figures = json.loads(output.with_suffix(".json").read_text())
    values = 32 * 32 * 3 + 16 * 16 * 3 + 8 * 8 * 6 + 4 * 4 * 13
    assert figures["operators"]["bilinear"]["resampling_macs"] == 4 * values
    rows = figures["networks"]["reconstruction"]
    assert list(rows) == ["nearest up, max_pool down", "bilinear up, max_pool down"]
    assert rows["bilinear up, max_pool down"]["macs_added"] == 4 * (32 * 32 * 32 + 16 * 16 * 64 + 8 * 8 * 128)
    assert figures["networks"]["matting"]["bilinear up, max_pool down"]["parameters_added"] == 0


@pytest.mark.parametrize(
    ("argument", "message"),
    [("--size=40", "multiples of 16"), ("--width=-1", "`width` must be"), ("--method=bicubic", "bicubic")],
)
def test_errors(argument, message):
    result = run(argument)
    assert result.returncode != 0
    assert message in result.stderr + result.stdout
    assert "Traceback" not in result.stderr


def test_methods_are_all_there_are():
    titles = cost.methods()
    assert {name for name, _ in titles.values()} == set(UPSAMPLERS)
    assert sum(name == "a2u" for name, _ in titles.values()) == 6


def test_published_figures_stand_beside_ours():
    row = cost.operator_row("carafe", {}, 512)
    parameters, gflops = cost.PUBLISHED["carafe"]
    assert f"{row['parameters'] / 1e6:.2f} M" == parameters
    assert round((row["kernel_macs"] + row["resampling_macs"]) / 1e9, 2) == gflops


def test_a_formula_that_is_wrong_stops_the_table(monkeypatch):
    monkeypatch.setattr(cost, "operator_cost", lambda *_: Cost(resampling_macs=1))
    with pytest.raises(cost.CostError, match=r"bilinear.*1 MACs by formula, [\d,]+ in the graph"):
        cost.operator_row("bilinear", {}, 64)
