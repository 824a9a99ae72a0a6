"""Operators, layers and models run unchanged on every Keras backend that is installed, and on TensorFlow where the
compiled op is not built: their own tests, once each.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from a2u_tf.ops import compiled
from tests.helpers import empty_maps_convolve

ROOT = Path(__file__).parents[2]
# Numbers and files of each thing that runs; all of tests/ops and tests/layers passes, too, but JAX compiles for long.
FILES = [
    *("tests/ops/test_reassembly.py", "tests/ops/test_pooling.py", "tests/layers/test_reassembly2d.py"),
    *("tests/layers/test_a2u_sampling2d.py", "tests/layers/test_upsamplers.py", "tests/test_info.py"),
    "tests/ops/test_bilinear.py",
]
NUMBERS = ["-k", "golden or equals or gradcheck or smoke or round_trip or names_versions or test_bilinear"]


def run_files(selection, least, **environment):
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *selection]
    environment = {**os.environ, **environment}
    environment.pop("PYTEST_XDIST_WORKER", None)
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1200)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    passed = int(re.search(r"(\d+) passed", result.stdout).group(1))
    assert passed > least


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.tensorflow
def test_composite_alone():
    if compiled.unavailable():
        pytest.skip("the compiled op is not built: the tests run by the composite already")
    run_files(["tests/layers/test_a2u_sampling2d.py"], 20, A2U_TF_IMPLEMENTATION="composite")


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.tensorflow
def test_empty_batches_without_onednn():
    if empty_maps_convolve():
        pytest.skip("TensorFlow convolves empty batches on this processor: the tests run here already")
    files = [
        "tests/layers/test_upsamplers.py",
        "tests/matting/network/test_network.py",
        "tests/matting/network/test_model.py",
    ]
    run_files([*files, "-k", "empty_batch"], 16, TF_ENABLE_ONEDNN_OPTS="0")


@pytest.mark.process
@pytest.mark.parametrize("backend", [pytest.param("jax", marks=pytest.mark.slow), "torch"])
def test_float64(backend):
    check_backend(backend, ["tests/layers/test_base.py", "-k", "float64"], 18)


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_backend(backend):
    check_backend(backend, [*FILES, *NUMBERS], 70)


def check_backend(backend, selection, least):
    if backend == keras.backend.backend():
        pytest.skip(f"{backend} is the backend of this run: the tests run here already")
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install 'a2u_tf[{backend}]'")
    run_files(selection, least, KERAS_BACKEND=backend)
