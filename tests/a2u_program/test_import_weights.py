"""The command that turns a checkpoint into Keras weights; what it calls has its tests beside it."""

import pytest

from a2u_program.main import main

torch = pytest.importorskip("torch", reason="needs torch")


@pytest.mark.network
def test_checkpoint_that_does_not_fit(tmp_path, capsys):
    torch.save({"pred.1.weight": torch.zeros(1, 1, 3, 3)}, tmp_path / "part.pth")
    output = tmp_path / "out.weights.h5"
    assert main(["import-weights", str(tmp_path / "part.pth"), "--output", str(output)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: Released parameters do not fit: missing: ")
    assert not output.exists()


@pytest.mark.parametrize("arguments", [[], ["--encoder"]])
def test_what_was_written_is_told(monkeypatch, capsys, arguments):
    path = "a2u_tf.matting.pytorch_release.checkpoint.import_checkpoint"
    monkeypatch.setattr(path, lambda checkpoint, output, encoder: f"{checkpoint}, {encoder}")
    assert main(["import-weights", "x.pth", "-o", "y.weights.h5", *arguments]) == 0
    assert capsys.readouterr().out == f"y.weights.h5: x.pth, {bool(arguments)}\n"
