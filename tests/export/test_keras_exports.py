"""What Keras and TensorFlow write of models with our layers by their own ways: no custom op, and the same numbers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from a2u_tf.layers import A2UUpSampling2D
from tests.export.networks import onnx_or_skip
from tests.helpers import SEED

pytestmark = [pytest.mark.tensorflow, pytest.mark.network]


@pytest.fixture(scope="module", params=["static", "dynamic"])
def model(request):
    keras.utils.set_random_seed(SEED)
    inputs = keras.Input((8, 12, 3))
    return keras.Model(inputs, A2UUpSampling2D(variant=request.param)(inputs))


@pytest.fixture
def x(rng):
    return rng.random((2, 8, 12, 3), "float32")


def operations(folder):
    graph = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes()).meta_graphs[0]
    return {operation.name for operation in graph.meta_info_def.stripped_op_list.op}


def called(net, x):
    serve = tf.function(lambda x: net(x), input_signature=[tf.TensorSpec((None, 8, 12, 3), name="x")])
    serve(x)
    return serve


def write_module(net, x, folder):
    module = tf.Module()
    module.net, module.serve = net, called(net, x)
    tf.saved_model.save(module, str(folder), module.serve)


def write_concrete(net, x, folder):
    tf.saved_model.save(net, str(folder), called(net, x).get_concrete_function())


def write_archive(net, x, folder):
    archive = keras.export.ExportArchive()
    serve = called(net, x)
    archive.track(net)
    archive.add_endpoint("serving_default", serve)
    archive.write_out(folder, verbose=False)


def write_export(net, x, folder):
    net.predict(x, verbose=0)
    net.export(folder, verbose=False)


@pytest.mark.parametrize("write", [write_module, write_concrete, write_archive, write_export])
def test_saved_models_of_what_ran_before(model, x, tmp_path, write):
    write(model, x, tmp_path / "saved")
    assert not [name for name in operations(tmp_path / "saved") if "A2U" in name]
    tf.config.optimizer.set_experimental_options({"implementation_selector": False})  # as where there is no op
    try:
        (actual,) = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"](tf.constant(x)).values()
    finally:
        tf.config.optimizer.set_experimental_options({"implementation_selector": True})
    np.testing.assert_allclose(actual, model(x), atol=1e-5)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_onnx(model, x, tmp_path):
    onnxruntime = onnx_or_skip()
    model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    (actual,) = session.run(None, {session.get_inputs()[0].name: x})
    np.testing.assert_allclose(actual, model(x), atol=1e-5)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_litert(model, x, tmp_path):
    model.export(tmp_path / "model.tflite", format="litert", verbose=False)
    interpreter = tf.lite.Interpreter(str(tmp_path / "model.tflite"))
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, x)
    interpreter.invoke()
    actual = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(actual, model(x), atol=1e-5)
