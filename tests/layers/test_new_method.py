"""A newcomer's method: one file and one line of the table make it known everywhere, as CONTRIBUTING says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import a2u_tf
from tests.pasted import fences

CONTRIBUTING = Path(a2u_tf.__file__).parents[1] / "CONTRIBUTING.md"
(_, _, METHOD), (_, _, LINE) = fences(CONTRIBUTING.read_text(), "python")
IMPORT = "from a2u_tf.layers.comparison.smooth import SmoothUpSampling2D\n"
PROGRAM = """
import keras, numpy as np
from a2u_tf.complexity import operator_cost
from a2u_tf.layers import GUIDED, METHODS, Resampling, make_upsampler
from a2u_tf.reconstruction import reconstruction_net
from train.reconstruction import Settings, default_run_dir

layer = make_upsampler("smooth", scale=3, kernel_size=5)
print(layer(np.zeros((2, 3, 4, 8), "float32")).shape, layer.get_config()["kernel_size"], "smooth" in GUIDED)
print("smooth" in METHODS, Resampling.parse("smooth+max_pool").name, default_run_dir(Settings(upsampling="smooth")))
model = reconstruction_net(Resampling.parse("smooth"))
print(type(model.get_layer("upsampling_1")).__name__)
model.save("model.keras")
x = np.random.default_rng(0).random((1, 32, 32, 1), "float32")
print((keras.saving.load_model("model.keras").predict(x, verbose=0) == model.predict(x, verbose=0)).all())
try:
    operator_cost(layer, (1, 3, 4, 8))
except ValueError as error:
    print(str(error).partition("Received: ")[2])
"""


@pytest.mark.process
@pytest.mark.network
def test_one_file_and_one_line(tmp_path):
    root = Path(a2u_tf.__file__).parents[1]
    for package in ("a2u_tf", "a2u_program", "train"):
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("lib", "__pycache__"))
    layers = tmp_path / "a2u_tf" / "layers"
    (layers / "comparison" / "smooth.py").write_text(METHOD)
    table = (layers / "resampling.py").read_text()
    last = '    "a2u": (A2UUpSampling2D, {}),\n'
    assert last in table
    first = "from a2u_tf.layers.checks"
    (layers / "resampling.py").write_text(table.replace(last, f"    {LINE}{last}").replace(first, IMPORT + first))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", PROGRAM]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.splitlines() == [
        "(2, 9, 12, 8) 5 False",
        "True smooth+max_pool runs/mnist_smooth+max_pool_100_epochs_seed_0",
        "SmoothUpSampling2D",
        "True",
        "a SmoothUpSampling2D. Count it from its graph, with `a2u_tf.complexity.count`, or add its formula to "
        "a2u_tf/complexity.",
    ]
