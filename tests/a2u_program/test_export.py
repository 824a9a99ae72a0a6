"""The export script."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from a2u_program.export import export, read_size
from a2u_tf.reconstruction import reconstruction_net

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[2]


def run(*arguments):
    command = [sys.executable, "-m", "a2u_program.export", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.mark.process
def test_digits_as_a_version(tmp_path, rng):
    model = reconstruction_net("nearest", "max_pool")
    model.save(tmp_path / "best.keras")
    result = run(f"--model={tmp_path}/best.keras", f"--output={tmp_path}/served/digits", "--version=3")
    assert result.returncode == 0, result.stderr
    assert "served/digits/3: " in result.stdout
    assert "MB, " in result.stdout
    assert "largest difference from the Keras model" in result.stdout
    image = rng.random((2, 32, 32, 1), "float32")
    served = tf.saved_model.load(str(tmp_path / "served" / "digits" / "3")).signatures["serving_default"]
    outputs = served(image=tf.constant(image))["reconstruction"]
    np.testing.assert_allclose(outputs, model(image), atol=1e-5)


@pytest.mark.process
def test_exception_is_one_line(tmp_path):
    result = run(f"--model={tmp_path}/missing.keras", f"--output={tmp_path}/x")
    assert result.returncode == 1
    assert result.stderr.strip().splitlines()[-1].startswith(f"error: {tmp_path}/missing.keras cannot be read")
    assert "Traceback" not in result.stderr


def test_size():
    assert read_size(["480", "640"]) == (480, 640)
    assert read_size(None) is None
    for values in (["512"], ["0", "5"], ["a", "b"], ["1", "2", "3"]):
        with pytest.raises(ValueError, match="Expected --size=HEIGHT,WIDTH"):
            read_size(values)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"file_format": "onnx", "size": (32, 32)}, "--size and --weights are for --format=litert"),
        ({"file_format": "saved_model", "weights": "int8"}, "--size and --weights are for --format=litert"),
        ({"file_format": "litert", "version": 2}, "--version is for --format=saved_model"),
    ],
)
def test_exceptions_of_flags(settings, message):
    with pytest.raises(ValueError, match=message):
        export(None, "x", **settings)
