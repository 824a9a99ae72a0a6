"""All outputs of a model, by the names that Keras gives them, in every format."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from a2u_tf.export import export_litert, export_onnx, export_saved_model
from a2u_tf.export.endpoints import Endpoint, model_endpoint
from a2u_tf.export.examples import largest_difference

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")]


def make(kind):
    keras.utils.set_random_seed(1)
    x = keras.Input((4, 4, 3), name="x")
    a, b = keras.layers.Conv2D(2, 1, name="a"), keras.layers.Conv2D(2, 1, name="b")
    once = a(x)
    structure = {
        "one": once,
        "two layers": [once, b(x)],
        "shared layer": [once, a(2 * x)],
        "dict": {"q": once, "p": b(x)},
        "dict of one tensor": {"q": once, "p": once},
        "nested": {"q": [once, b(x)], "p": a(2 * x)},
        "an input": [x, once],
    }[kind]
    return keras.Model(x, structure)


NAMES = {
    "one": ["a"],
    "two layers": ["a", "b"],
    "shared layer": ["output_0", "output_1"],
    "dict": ["p", "q"],
    "dict of one tensor": ["p", "q"],
    "nested": ["output_0", "output_1", "output_2"],
    "an input": ["output_0", "output_1"],
}


@pytest.mark.parametrize("kind", NAMES)
def test_endpoint_names_them_all(kind, rng):
    model = make(kind)
    x = rng.random((2, 4, 4, 3), "float32")
    outputs = model_endpoint(model)({"x": x})
    assert list(outputs) == NAMES[kind]
    for actual, expected in zip(outputs.values(), keras.tree.flatten(model(x)), strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.network
@pytest.mark.parametrize("kind", ["shared layer", "dict of one tensor", "an input"])
def test_litert_and_onnx_files_hold_them_all(kind, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("tf2onnx", reason="needs tf2onnx")
    assert export_onnx(make(kind), tmp_path / "m.onnx").difference < 1e-6
    outputs = onnxruntime.InferenceSession(str(tmp_path / "m.onnx")).get_outputs()
    assert sorted(output.name for output in outputs) == NAMES[kind]
    assert export_litert(make(kind), tmp_path / "m.tflite").difference < 1e-6
    signature = tf.lite.Interpreter(str(tmp_path / "m.tflite")).get_signature_list()["serving_default"]
    assert sorted(signature["outputs"]) == NAMES[kind]


@pytest.mark.process
def test_saved_model_holds_them_all(tmp_path):
    exported = export_saved_model(make("shared layer"), tmp_path / "m")
    signature = tf.saved_model.load(str(exported.path)).signatures["serving_default"]
    assert sorted(signature.structured_outputs) == NAMES["shared layer"]


def test_exception_an_endpoint_that_loses_one():
    endpoint = Endpoint(lambda x: {"y": x}, [tf.TensorSpec((1,), tf.float32, "x")], count=2)
    with pytest.raises(ValueError, match=r"The model has 2 outputs, and its endpoint 1: \['y'\]"):
        endpoint({"x": [1.0]})


@pytest.mark.parametrize("received", [{"a": 1.0}, {"a": 1.0, "b": 2.0, "c": 3.0}, {"a": 1.0, "c": 2.0}])
def test_comparison_sees_other_names(received):
    assert largest_difference([{"a": 1.0, "b": 2.0}], [received]) == np.inf
    assert largest_difference([{"a": 1.0, "b": 2.0}], [{"b": 2.0, "a": 1.5}]) == 0.5
