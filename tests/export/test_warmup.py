"""Warm-up requests are the messages that TensorFlow Serving reads, by the definitions in its own package."""

import numpy as np
import pytest

from a2u_tf.export.warmup import FILE, write_warmup

pytestmark = pytest.mark.tensorflow


def test_requests_are_read_by_the_servers_messages(tmp_path):
    log = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2", reason="needs a2u_tf[serving]")
    import tensorflow as tf

    image, names = np.arange(400).astype("uint8").reshape(1, 10, 10, 4), np.array([b"one", b"two"])
    (tmp_path / "model").mkdir()
    write_warmup(tmp_path / "model", [("serving_default", {"image": image, "x": image / 2}), ("files", {"f": names})])
    records = list(tf.data.TFRecordDataset(str(tmp_path / "model" / FILE)).as_numpy_iterator())
    first, second = (log.PredictionLog.FromString(record).predict_log.request for record in records)
    assert (first.model_spec.signature_name, second.model_spec.signature_name) == ("serving_default", "files")
    assert set(first.inputs) == {"image", "x"}
    np.testing.assert_array_equal(tf.make_ndarray(first.inputs["image"]), image)
    np.testing.assert_array_equal(tf.make_ndarray(first.inputs["x"]), image / 2)
    np.testing.assert_array_equal(tf.make_ndarray(second.inputs["f"]), names)
