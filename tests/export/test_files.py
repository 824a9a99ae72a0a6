"""ONNX files in ONNX Runtime, LiteRT files in TensorFlow's interpreter."""

import builtins

import keras
import numpy as np
import pytest
import tensorflow as tf

from a2u_tf.export import export_litert, export_onnx
from a2u_tf.export.files import WEIGHTS, refused_in_one_line
from a2u_tf.layers import GUIDED, UPSAMPLERS, A2UUpSampling2D, make_upsampler
from tests.export.networks import NAMES, one_level, onnx_or_skip, several_outputs, whole_network

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")]
QUICK = ("max_unpool", "sapa_g")


def litert_alpha(path, inputs):
    interpreter = tf.lite.Interpreter(str(path))
    assert not any(operation["op_name"].startswith("Flex") for operation in interpreter._get_ops_details())
    return interpreter.get_signature_runner("serving_default")(**inputs)["alpha"]


def onnx_alpha(path, inputs):
    return onnx_or_skip().InferenceSession(str(path)).run(["alpha"], inputs)[0]


@pytest.fixture(scope="module", params=[one_level, pytest.param(whole_network, marks=pytest.mark.slow)])
def model(request):
    return request.param()


@pytest.mark.network
@pytest.mark.parametrize(
    ("ending", "export", "alpha_of", "sizes"),
    [
        ("tflite", lambda *arguments: export_litert(*arguments, size=(33, 50)), litert_alpha, [(33, 50)]),
        ("onnx", export_onnx, onnx_alpha, [(17, 35), (40, 23)]),
    ],
)
def test_pictures_of_odd_sizes(model, tmp_path, rng, ending, export, alpha_of, sizes):
    if ending == "onnx":
        onnx_or_skip()
    exported = export(model, tmp_path / f"matting.{ending}")
    assert exported.size == exported.path.stat().st_size
    assert exported.difference < 1e-4
    assert [path.name for path in tmp_path.iterdir()] == [f"matting.{ending}"]
    for size in sizes:
        image = rng.integers(0, 256, (1, *size, 3), dtype="uint8")
        trimap = rng.choice(np.array([0, 128, 255], "uint8"), (1, *size, 1))
        inputs = {"image": image, "trimap": trimap}
        expected = model(inputs)["alpha"]
        assert np.std(expected) > 0.05
        np.testing.assert_allclose(alpha_of(exported.path, inputs), expected, atol=1e-4)


@pytest.mark.network
def test_weights_in_fewer_bits(tmp_path):
    inputs = keras.Input((8, 8, 16), name="image")
    small = keras.Model(inputs, keras.layers.Conv2D(64, 3, name="map")(inputs))
    float32, float16, int8 = (export_litert(small, tmp_path / f"{w}.tflite", weights=w) for w in WEIGHTS)
    assert float16.size < 0.65 * float32.size
    assert int8.size < 0.5 * float32.size
    assert float32.difference < 1e-5 < float16.difference < int8.difference < 0.1


@pytest.mark.network
def test_a2u_of_open_size(tmp_path, rng):
    onnxruntime = onnx_or_skip()
    inputs = keras.Input((None, None, 4), name="map")
    model = keras.Model(inputs, A2UUpSampling2D(name="upsampled")(inputs))
    exported = export_onnx(model, tmp_path / "a2u.onnx")
    x = rng.random((1, 7, 9, 4), "float32")
    (outputs,) = onnxruntime.InferenceSession(str(exported.path)).run(["upsampled"], {"map": x})
    np.testing.assert_allclose(outputs, model(x), atol=1e-5)


@pytest.mark.network
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in UPSAMPLERS]
)
def test_every_method_goes_into_both(name, tmp_path):
    onnx_or_skip()
    a, guidance = keras.Input((8, 8, 8), name="a"), keras.Input((16, 16, 8), name="guidance")
    layer = make_upsampler(name)
    model = keras.Model([a, guidance], layer(a, guidance)) if name in GUIDED else keras.Model(a, layer(a))
    assert export_litert(model, tmp_path / "model.tflite").difference < 1e-4
    assert export_onnx(model, tmp_path / "model.onnx").difference < 1e-4


@pytest.mark.network
@pytest.mark.parametrize("kind", ["shared layer", "dict of one tensor", "an input"])
def test_all_outputs_are_there(kind, tmp_path):
    onnxruntime = onnx_or_skip()
    assert export_onnx(several_outputs(kind), tmp_path / "m.onnx").difference < 1e-6
    outputs = onnxruntime.InferenceSession(str(tmp_path / "m.onnx")).get_outputs()
    assert sorted(output.name for output in outputs) == NAMES[kind]
    assert export_litert(several_outputs(kind), tmp_path / "m.tflite").difference < 1e-6
    signature = tf.lite.Interpreter(str(tmp_path / "m.tflite")).get_signature_list()["serving_default"]
    assert sorted(signature["outputs"]) == NAMES[kind]


@keras.saving.register_keras_serializable(package="a2u_tf_tests")
class IncompleteGamma(keras.layers.Layer):
    def call(self, x):
        return tf.math.igamma(x, x)


@pytest.mark.parametrize(("export", "ending"), [(export_litert, "tflite"), (export_onnx, "onnx")])
def test_exception_of_a_missing_operation_is_one_line(export, ending, tmp_path):
    onnx_or_skip()
    x = keras.Input((2, 2, 1), name="x")
    with pytest.raises(ValueError, match=r"The model does not go into .*Nothing was kept\. Export it as a") as info:
        export(keras.Model(x, IncompleteGamma()(x)), tmp_path / f"model.{ending}")
    assert "\n" not in str(info.value)
    assert not list(tmp_path.iterdir())


def test_converters_are_refused_in_one_line():
    with pytest.raises(ValueError, match=r"into ONNX \(KeyError: 'Foo'\)\. Nothing"), refused_in_one_line("ONNX"):
        raise KeyError("Foo")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device", "x.onnx"), MemoryError()])
def test_what_the_machine_lacks_is_not_the_models(error):
    with pytest.raises(type(error)) as info, refused_in_one_line("ONNX"):
        raise error
    assert info.value is error


@pytest.mark.parametrize(
    ("export", "message"),
    [
        (lambda model, path: export_onnx(model, path / "x.bin"), r"must end in \.onnx"),
        (lambda model, path: export_litert(model, path / "x.bin", (32, 32)), r"must end in \.tflite"),
        (lambda model, path: export_litert(model, path / "x.tflite"), r"any size.* needs one.*size=\(512, 512\)"),
        (lambda model, path: export_litert(model, path / "x.tflite", (9, 9), "int4"), "one of .*: weights='int4'"),
    ],
)
def test_exceptions_leave_nothing(model, tmp_path, export, message):
    with pytest.raises(ValueError, match=message):
        export(model, tmp_path)
    assert not list(tmp_path.iterdir())


def test_exception_missing_package(tmp_path, monkeypatch):
    import_module = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "onnxruntime":
            raise ImportError("No module named 'onnxruntime'")
        return import_module(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'a2u_tf\[onnx\]'"):
        export_onnx(None, tmp_path / "model.onnx")
