"""The small commands: what they call, and what they print of it; what is called has its tests beside it."""

import numpy as np
import pytest

from a2u_program.main import main
from a2u_tf.complexity import operator_cost
from a2u_tf.complexity.costs import format_table
from a2u_tf.info import describe
from a2u_tf.layers import METHODS, A2UUpSampling2D
from a2u_tf.reconstruction import reconstruction_net


def test_info(capsys):
    assert main(["info"]) == 0
    assert capsys.readouterr().out == f"{describe()}\n"


def rows(text):
    return {cells[0]: cells[1:] for line in text.splitlines() if (cells := line.strip("|").replace(" ", "").split("|"))}


def test_a_row_is_the_cost_of_the_layer(capsys):
    arguments = [
        "a2u_hybrid_cw",
        "nearest",
        "--channels",
        "5",
        "--size",
        "6",
        "8",
        "--scale",
        "3",
        "--kernel-size",
        "5",
    ]
    arguments += ["--encoding-size", "4", "--normalization", "sigmoid", "--rank", "2"]
    assert main(["cost", *arguments]) == 0
    layer = A2UUpSampling2D(3, 5, 4, "hybrid", False, 2, normalization="sigmoid")
    cost = operator_cost(layer, (1, 6, 8, 5), (1, 18, 24, 5))
    table = rows(capsys.readouterr().out)
    assert table["method"] == ["parameters", "kernelMACs", "resamplingMACs", "activations"]
    figures = (cost.parameters, cost.kernel_macs, cost.resampling_macs, cost.activations)
    assert table["a2u_hybrid_cw"] == [f"{figure:,}" for figure in figures]
    assert table["nearest"] == ["0"] * 4
    assert len(table) == 4  # with the rule
    assert main(["cost", "--channels", "4"]) == 0
    assert list(rows(capsys.readouterr().out))[2:] == list(METHODS)
    assert main(["cost", "--channels", "4", "--scale", "3"]) == 0
    assert set(METHODS) - set(rows(capsys.readouterr().out)) == {
        name for name in METHODS if name[:4] in ("inde", "fade")
    }
    assert main(["cost", "--table-1"]) == 0
    assert capsys.readouterr().out == format_table([32, 64, 128, 256], 3, 6, 2) + "\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["bicubic"], "Received: bicubic"), (["fade", "--scale", "3"], "FADEUpSampling2D upsamples by 2 only")],
)
def test_exceptions_of_cost(capsys, arguments, message):
    assert main(["cost", *arguments]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.tensorflow
@pytest.mark.process
def test_digits_are_exported_as_a_version(tmp_path, rng, capsys):
    import tensorflow as tf

    model = reconstruction_net("nearest", "max_pool")
    model.save(tmp_path / "best.keras")
    output = tmp_path / "served" / "digits"
    assert main(["export", "--model", f"{tmp_path}/best.keras", "-o", str(output), "--version", "3"]) == 0
    assert "served/digits/3: " in (out := capsys.readouterr().out)
    assert "largest difference from the Keras model" in out
    image = rng.random((2, 32, 32, 1), "float32")
    served = tf.saved_model.load(str(output / "3")).signatures["serving_default"]
    np.testing.assert_allclose(served(image=tf.constant(image))["reconstruction"], model(image), atol=1e-5)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        (["--format", "onnx"], ("onnx", ())),
        (["--format", "litert"], ("litert", (None, "float32"))),
        (["--format", "litert", "--size", "480", "640", "--weights", "int8"], ("litert", ([480, 640], "int8"))),
        ([], ("saved_model", (1,))),
    ],
)
def test_formats_of_exports(monkeypatch, capsys, arguments, call):
    for name in ("saved_model", "onnx", "litert"):
        monkeypatch.setattr(f"a2u_tf.export.export_{name}", lambda *values, name=name: (name, values))
    monkeypatch.setattr("a2u_tf.matting.weights.loading.read_model", lambda path: path)
    assert main(["export", "--model", "m.keras", "-o", "x", *arguments]) == 0
    name, values = call
    assert capsys.readouterr().out == f"{(name, ('m.keras', 'x', *values))}\n"


@pytest.mark.network
def test_checkpoint_that_does_not_fit(tmp_path, capsys):
    torch = pytest.importorskip("torch", reason="needs torch")
    torch.save({"pred.1.weight": torch.zeros(1, 1, 3, 3)}, tmp_path / "part.pth")
    output = tmp_path / "out.weights.h5"
    assert main(["import-weights", str(tmp_path / "part.pth"), "--output", str(output)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: Released parameters do not fit: missing: ")
    assert not output.exists()


@pytest.mark.parametrize("arguments", [[], ["--encoder"]])
def test_imported_weights_are_told(monkeypatch, capsys, arguments):
    path = "a2u_tf.matting.pytorch_release.checkpoint.import_checkpoint"
    monkeypatch.setattr(path, lambda checkpoint, output, encoder: f"{checkpoint}, {encoder}")
    assert main(["import-weights", "x.pth", "-o", "y.weights.h5", *arguments]) == 0
    assert capsys.readouterr().out == f"y.weights.h5: x.pth, {bool(arguments)}\n"
