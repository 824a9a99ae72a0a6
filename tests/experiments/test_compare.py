"""Comparing upsampling methods: every method trains, runs are resumed, errors are told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from a2u_tf.layers import METHODS
from experiments import compare
from train.reconstruction import Settings, make_model

ROOT = Path(__file__).parents[2]


def script(*arguments, cwd=ROOT):
    command = [sys.executable, "-m", "experiments.compare", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=500)


@pytest.mark.network
@pytest.mark.parametrize("method", METHODS)
def test_every_method_makes_a_network(method):
    model = make_model(Settings(upsampling=method), 100)
    assert model.output_shape == (None, 32, 32, 1)


@pytest.mark.process
def test_run_once_then_found(tmp_path, monkeypatch):
    monkeypatch.setitem(compare.SCHEDULES, "quick", {"epochs": 1, "limit_train": 20, "batch_size": 10})
    first = compare.train("synthetic", "nearest", 3, "quick", tmp_path / "runs", tmp_path / "out")
    assert (first["method"], first["schedule"], first["settings"]["seed"]) == ("nearest", "quick", 3)
    assert first["settings"]["upsampling"] == "nearest"
    assert json.loads((tmp_path / "out" / "quick_synthetic_nearest_seed_3.json").read_text()) == first
    again = compare.train("synthetic", "nearest", 3, "quick", tmp_path / "elsewhere", tmp_path / "out")
    assert again == first
    assert not (tmp_path / "elsewhere").exists()
    old = {"downsampling": "conv", "variant": "dynamic", "channel_shared": True}  # as earlier runs were recorded
    recorded = {**first, "settings": {**first["settings"], **old}}
    (tmp_path / "out" / "quick_synthetic_nearest_seed_3.json").write_text(json.dumps(recorded))
    assert compare.train("synthetic", "nearest", 3, "quick", tmp_path / "elsewhere", tmp_path / "out") == recorded
    monkeypatch.setitem(compare.SCHEDULES, "quick", {"epochs": 1, "limit_train": 30, "batch_size": 10})
    other = compare.train("synthetic", "nearest", 3, "quick", tmp_path / "elsewhere", tmp_path / "out")
    assert other["train_pictures"] == 30


@pytest.mark.process
def test_exception_of_unknown_methods(tmp_path):
    result = script("--upsampling=nearest,cubic", f"--output={tmp_path / 'out'}")
    assert result.returncode == 1
    assert "error: --upsampling takes nearest, bilinear" in result.stderr
    assert "Received: cubic" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.process
def test_exception_of_missing_data(tmp_path):
    words = ["--dataset=mnist", "--upsampling=nearest", f"--data_dir={tmp_path}"]
    result = script(*words, f"--runs={tmp_path / 'runs'}", f"--output={tmp_path / 'out'}")
    assert result.returncode == 1
    assert "error: mnist nearest seed 0 failed" in result.stderr
    assert str(tmp_path) in result.stderr
    assert "Traceback" not in result.stderr
