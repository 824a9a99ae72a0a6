"""Comparing upsampling methods: every method trains, runs are resumed, errors are told."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from a2u_tf.layers import METHODS
from experiments import compare
from train.reconstruction import Settings, make_model

ROOT = Path(__file__).parents[2]


@pytest.mark.network
@pytest.mark.parametrize("method", METHODS)
def test_every_method_makes_a_network(method):
    model = make_model(Settings(upsampling=method), 100)
    assert model.output_shape == (None, 32, 32, 1)


@pytest.mark.process
def test_run_once_then_found(tmp_path, monkeypatch):
    def train(runs):
        return compare.train(
            "synthetic", compare.case_of("nearest+conv"), 3, "quick", tmp_path / runs, tmp_path / "out"
        )

    monkeypatch.setitem(compare.SCHEDULES, "quick", {"epochs": 1, "limit_train": 20, "batch_size": 10})
    first, path = train("runs"), tmp_path / "out" / "quick_synthetic_nearest+conv_seed_3.json"
    assert (first["method"], first["schedule"], first["settings"]["seed"]) == ("nearest+conv", "quick", 3)
    assert (first["settings"]["upsampling"], first["settings"]["downsampling"]) == ("nearest", "conv")
    assert json.loads(path.read_text()) == first
    assert train("elsewhere") == first
    assert not (tmp_path / "elsewhere").exists()
    monkeypatch.setitem(compare.SCHEDULES, "quick", {"epochs": 1, "limit_train": 30, "batch_size": 10})
    assert train("elsewhere")["train_pictures"] == 30


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--upsampling=nearest,cubic"], r"error: A choice of methods is .*nearest, bilinear.* Received: cubic"),
        (
            ["--dataset=mnist", "--upsampling=nearest", "--data_dir=no"],
            r"error: short_mnist_nearest\+max_pool_seed_0 failed.*\bno/mnist",
        ),
    ],
)
def test_exceptions(tmp_path, arguments, message):
    command = [sys.executable, "-m", "experiments.compare", *arguments, "--runs=runs", "--output=out"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=500)
    assert result.returncode == 1
    assert re.search(message, result.stderr, re.DOTALL)
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out" / "short_mnist_nearest+max_pool_seed_0.json").exists()
