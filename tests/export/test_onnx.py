"""ONNX files in ONNX Runtime."""

import builtins

import keras
import numpy as np
import pytest

from a2u_tf.export import export_onnx
from a2u_tf.layers import A2UUpSampling2D
from tests.export.networks import one_level, whole_network

pytestmark = [pytest.mark.tensorflow, pytest.mark.network]


@pytest.mark.parametrize("make", [one_level, pytest.param(whole_network, marks=pytest.mark.slow)])
def test_pictures_of_odd_sizes(tmp_path, rng, make):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("tf2onnx", reason="needs tf2onnx")
    model = make()
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


def test_a2u_of_open_size(tmp_path, rng):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("tf2onnx", reason="needs tf2onnx")
    inputs = keras.Input((None, None, 4), name="map")
    model = keras.Model(inputs, A2UUpSampling2D(name="upsampled")(inputs))
    exported = export_onnx(model, tmp_path / "a2u.onnx")
    x = rng.random((1, 7, 9, 4), "float32")
    (outputs,) = onnxruntime.InferenceSession(str(exported.path)).run(["upsampled"], {"map": x})
    np.testing.assert_allclose(outputs, model(x), atol=1e-5)


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
