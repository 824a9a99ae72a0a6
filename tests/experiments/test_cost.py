"""The table of costs, end to end at tiny sizes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from a2u_tf.complexity import Cost
from a2u_tf.layers import Resampling
from a2u_tf.reconstruction import reconstruction_net
from experiments import cost

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.tensorflow


@pytest.mark.process
def test_command(tmp_path):
    output = tmp_path / "folder" / "cost"
    command = [sys.executable, "-m", "experiments.cost", "--method=nearest", "--width=0.05", f"--output={output}"]
    options = {"cwd": ROOT, "capture_output": True, "text": True, "timeout": 600}
    refused = subprocess.run([*command, "--size=40"], **options)
    assert refused.returncode == 1
    assert "error: `input_size` must hold multiples of 16" in refused.stderr
    assert "Traceback" not in refused.stderr
    result = subprocess.run([*command, "--size=16"], **options)
    assert result.returncode == 0, result.stderr
    text = output.with_suffix(".md").read_text()
    assert text in result.stdout
    assert "3, 3, 6, 13 channels" in text
    assert "Published" not in text, "other sizes are not those of the published figures"
    figures = json.loads(output.with_suffix(".json").read_text())
    assert figures["operators"]["nearest"]["resampling_macs"] == 0
    assert figures["networks"]["matting"]["nearest+max_pool"]["macs_added"] == 0


def test_unusable_width():
    with pytest.raises(ValueError, match=r"`width`.*-1"):
        cost.tabulate(32, -1, [], "")


def test_operator_row():
    row = cost.operator_row("bilinear", 32, width=0.05)
    assert row["resampling_macs"] == 4 * (32 * 32 * 3 + 16 * 16 * 3 + 8 * 8 * 6 + 4 * 4 * 13)


@pytest.mark.network
def test_network_rows_start_from_nearest():
    rows = cost.network_rows(reconstruction_net, (1, 32, 32, 1), [Resampling("bilinear", "max_pool")])
    assert list(rows) == ["nearest+max_pool", "bilinear+max_pool"]
    added = rows["bilinear+max_pool"]
    assert added["macs_added"] == 4 * (32 * 32 * 32 + 16 * 16 * 64 + 8 * 8 * 128)
    assert added["parameters_added"] == 0


@pytest.mark.network
def test_published_figures_stand_beside_ours():
    row = cost.operator_row("carafe", 512)
    parameters, gflops = cost.PUBLISHED["carafe"]
    assert f"{row['parameters'] / 1e6:.2f} M" == parameters
    assert round((row["kernel_macs"] + row["resampling_macs"]) / 1e9, 2) == gflops


def test_a_formula_that_is_wrong_stops_the_table(monkeypatch):
    monkeypatch.setattr(cost, "operator_cost", lambda *_: Cost(resampling_macs=1))
    with pytest.raises(cost.CostError, match=r"bilinear.*1 MACs by formula, [\d,]+ in the graph"):
        cost.operator_row("bilinear", 64)
