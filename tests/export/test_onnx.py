"""ONNX files in ONNX Runtime."""

import builtins

import numpy as np
import pytest

from a2u_tf.export import export_onnx
from a2u_tf.models import reconstruction_net
from tests.export.networks import small_matting

pytestmark = pytest.mark.tensorflow


def test_pictures_of_odd_sizes(tmp_path, rng):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("tf2onnx", reason="needs tf2onnx")
    model = small_matting("bilinear")
    exported = export_onnx(model, tmp_path / "matting.onnx")
    assert exported.size == (tmp_path / "matting.onnx").stat().st_size
    assert exported.difference < 1e-4
    assert [path.name for path in tmp_path.iterdir()] == ["matting.onnx"]
    session = onnxruntime.InferenceSession(str(exported.path))
    for size in ((17, 35), (40, 23)):
        image = rng.integers(0, 256, (1, *size, 3), dtype="uint8")
        trimap = rng.choice(np.array([0, 128, 255], "uint8"), (1, *size, 1))
        (alpha,) = session.run(["alpha"], {"image": image, "trimap": trimap})
        expected = model({"image": image, "trimap": trimap})["alpha"]
        assert np.std(expected) > 0.05
        np.testing.assert_allclose(alpha, expected, atol=1e-4)


def test_a2u(tmp_path, rng):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("tf2onnx", reason="needs tf2onnx")
    model = reconstruction_net()
    exported = export_onnx(model, tmp_path / "digits.onnx")
    image = rng.random((1, 32, 32, 1), "float32")
    (outputs,) = onnxruntime.InferenceSession(str(exported.path)).run(["reconstruction"], {"image": image})
    assert np.ptp(outputs) > 0
    np.testing.assert_allclose(outputs, model(image), rtol=1e-3, atol=1e-3 * np.ptp(outputs))


def test_exception_missing_package(tmp_path, monkeypatch):
    import_module = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "onnxruntime":
            raise ImportError("No module named 'onnxruntime'")
        return import_module(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'a2u_tf\[onnx\]'"):
        export_onnx(None, tmp_path / "model.onnx")


def test_exception_ending(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.onnx"):
        export_onnx(None, tmp_path / "model.bin")
