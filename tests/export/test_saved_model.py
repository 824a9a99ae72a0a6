"""SavedModels: what is in them, what is compared in a process of its own, and that they are whole or not there."""

import os
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest

from a2u_tf.export import Endpoint, Signature, export_saved_model, reload, saved_model
from a2u_tf.ops import compiled
from a2u_tf.ops.layout import Window
from tests.export.networks import NAMES, several_outputs

pytestmark = [pytest.mark.tensorflow, pytest.mark.network]


class Halved(keras.Model):
    """Says its own endpoint: `half` of bytes `x`, and a signature that takes them one higher."""

    def export_endpoint(self, error=0):
        import tensorflow as tf

        spec = tf.TensorSpec((None, 3), tf.uint8, "x")
        above = Signature(
            "above",
            lambda first: lambda y: {"double": 2 * first(y - 1)["half"] + error},
            [tf.TensorSpec((None, 3), tf.uint8, "y")],
            lambda inputs: {"y": inputs["x"] + 1},
            lambda outputs: {"half": outputs["double"] / 2},
            tolerance=0.25,
        )
        return Endpoint(
            lambda x: {"half": tf.cast(x, tf.float32) / 2},
            [spec],
            sizes=((5,), (2,)),
            levels={"x": {3: 0.5, 7: 0.5}},
            signatures=(above,),
        )


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return export_saved_model(Halved(), tmp_path_factory.mktemp("served") / "halved")


def test_says_what_was_written(exported):
    assert exported.path.name == "1"
    assert exported.path.parent.name == "halved"
    assert exported.difference == 0
    files = [path for path in exported.path.rglob("*") if path.is_file()]
    assert exported.size == sum(path.stat().st_size for path in files)
    assert "Cast" in exported.operations
    assert [path.name for path in exported.path.parent.parent.iterdir()] == ["halved"]


@pytest.mark.process
def test_process_of_the_comparison_knows_neither_this_package_nor_keras(exported, tmp_path):
    for name in ("a2u_tf", "keras"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not here')")
    calls = [("serving_default", {"x": np.uint8([[1, 2, 3]])}), ("above", {"y": np.uint8([[2, 3, 4]])})]
    (tmp_path / "calls").write_bytes(pickle.dumps(calls))
    command = [sys.executable, "-P", reload.__file__, exported.path, tmp_path / "calls", tmp_path / "answers"]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=True, timeout=300)
    first, above = pickle.loads((tmp_path / "answers").read_bytes())
    np.testing.assert_array_equal(first["half"], [[0.5, 1, 1.5]])
    np.testing.assert_array_equal(above["double"], [[1, 2, 3]])


def test_exception_version_exists(exported):
    before = sorted(exported.path.rglob("*"))
    (exported.path.parent / "7").mkdir()
    with pytest.raises(FileExistsError, match=r"halved/1 is there already.*version=8 \(--version=8\)"):
        export_saved_model(Halved(), exported.path.parent)
    (exported.path.parent / "7").rmdir()
    assert sorted(exported.path.rglob("*")) == before


@pytest.mark.parametrize("version", [0, -1, "1", True, 1.0])
def test_exception_version(version, tmp_path):
    with pytest.raises(ValueError, match="integer of at least 1"):
        export_saved_model(None, tmp_path / "x", version=version)


def test_warm_up_requests_are_the_calls_of_the_comparison(exported):
    prediction_log_pb2 = pytest.importorskip(
        "tensorflow_serving.apis.prediction_log_pb2", reason="needs tensorflow-serving-api", exc_type=ImportError
    )
    import tensorflow as tf

    file = str(exported.path / "assets.extra" / "tf_serving_warmup_requests")
    logs = [prediction_log_pb2.PredictionLog.FromString(r.numpy()) for r in tf.data.TFRecordDataset(file)]
    requests = [log.predict_log.request for log in logs]
    assert [request.model_spec.signature_name for request in requests] == ["serving_default"] * 2 + ["above"]
    first, second, above = (
        {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()} for request in requests
    )
    assert first["x"].shape == (5, 3)
    assert set(first["x"].flat) == {3, 7}
    assert first["x"].dtype == np.uint8
    np.testing.assert_array_equal(above["y"], second["x"] + 1)


@pytest.mark.process
def test_exception_of_a_further_signature_leaves_nothing(tmp_path, monkeypatch):
    model = Halved()
    monkeypatch.setattr(model, "export_endpoint", lambda: Halved.export_endpoint(model, error=1))
    with pytest.raises(ValueError, match=r"signature above does not compute .* difference is 5\.0e-01, .* 2\.5e-01"):
        export_saved_model(model, tmp_path / "model")
    assert not list(tmp_path.iterdir())


class Compiled(keras.layers.Layer):
    """Calls the compiled op whatever is asked for."""

    def call(self, features):
        batch, height, width, _ = keras.ops.shape(features)
        return compiled.call_op(features, keras.ops.ones((batch, height, width, 1)), Window("up", 1, 1))


@pytest.mark.process
def test_exception_custom_operation_leaves_nothing(tmp_path):
    if reason := compiled.unavailable():
        pytest.skip(f"the compiled op: {reason}")
    inputs = keras.Input((4, 4, 2), name="x")
    with pytest.raises(ValueError, match=r"Op type not registered 'A2U>Reassemble'.*\. Nothing was kept"):
        export_saved_model(keras.Model(inputs, Compiled()(inputs)), tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_exception_difference_leaves_nothing(tmp_path, monkeypatch):
    inputs = keras.Input((2,), name="x")
    model = keras.Model(inputs, keras.layers.Dense(1, name="y")(inputs))
    monkeypatch.setattr(saved_model, "_call_elsewhere", lambda _, calls: [{"y": np.full((len(calls), 1), np.nan)}] * 2)
    with pytest.raises(ValueError, match="does not compute what the Keras model does"):
        export_saved_model(model, tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_requests_are_read_by_the_servers_messages(tmp_path):
    log = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2", reason="needs a2u_tf[serving]")
    import tensorflow as tf

    image, names = np.arange(400).astype("uint8").reshape(1, 10, 10, 4), np.array([b"one", b"two"])
    saved_model.write_warmup(tmp_path, [("serving_default", {"image": image, "x": image / 2}), ("files", {"f": names})])
    records = list(tf.data.TFRecordDataset(str(tmp_path / saved_model.WARMUP)).as_numpy_iterator())
    first, second = (log.PredictionLog.FromString(record).predict_log.request for record in records)
    assert (first.model_spec.signature_name, second.model_spec.signature_name) == ("serving_default", "files")
    arrays = {name: tf.make_ndarray(tensor) for name, tensor in [*first.inputs.items(), *second.inputs.items()]}
    assert set(arrays) == {"image", "x", "f"}
    for name, expected in (("image", image), ("x", image / 2), ("f", names)):
        np.testing.assert_array_equal(arrays[name], expected)


@pytest.mark.process
def test_all_outputs_are_there(tmp_path):
    import tensorflow as tf

    exported = export_saved_model(several_outputs("shared layer"), tmp_path / "m")
    signature = tf.saved_model.load(str(exported.path)).signatures["serving_default"]
    assert sorted(signature.structured_outputs) == NAMES["shared layer"]
