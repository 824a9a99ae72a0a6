"""The command that exports."""

import numpy as np
import pytest
import tensorflow as tf

from a2u_program.main import main
from a2u_tf.reconstruction import reconstruction_net

pytestmark = pytest.mark.tensorflow


@pytest.mark.process
def test_digits_as_a_version(tmp_path, rng, capsys):
    model = reconstruction_net("nearest", "max_pool")
    model.save(tmp_path / "best.keras")
    output = tmp_path / "served" / "digits"
    assert main(["export", "--model", f"{tmp_path}/best.keras", "-o", str(output), "--version", "3"]) == 0
    assert "served/digits/3: " in (out := capsys.readouterr().out)
    assert "largest difference from the Keras model" in out
    image = rng.random((2, 32, 32, 1), "float32")
    served = tf.saved_model.load(str(output / "3")).signatures["serving_default"]
    np.testing.assert_allclose(served(image=tf.constant(image))["reconstruction"], model(image), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        (["--format", "onnx"], ("onnx", ())),
        (["--format", "litert"], ("litert", (None, "float32"))),
        (["--format", "litert", "--size", "480", "640", "--weights", "int8"], ("litert", ([480, 640], "int8"))),
        ([], ("saved_model", (1,))),
    ],
)
def test_formats(monkeypatch, capsys, arguments, call):
    for name in ("saved_model", "onnx", "litert"):
        monkeypatch.setattr(f"a2u_tf.export.export_{name}", lambda *values, name=name: (name, values))
    monkeypatch.setattr("a2u_tf.matting.weights.loading.read_model", lambda path: path)
    assert main(["export", "--model", "m.keras", "-o", "x", *arguments]) == 0
    name, values = call
    assert capsys.readouterr().out == f"{(name, ('m.keras', 'x', *values))}\n"
