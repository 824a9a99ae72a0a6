"""Requests that TensorFlow Serving runs when it loads a model, so that the first client does not wait for the rest.

They are a TFRecord of PredictionLog messages. Their encoding is four nested fields, which are written here; the package
tensorflow-serving-api, where these messages are defined, is not needed.

Reference: tensorflow_serving/apis/{prediction_log,predict,model}.proto.
"""

from pathlib import Path

from a2u_tf.types import Array

FILE = "assets.extra/tf_serving_warmup_requests"


def write_warmup(saved_model: Path, requests: list[tuple[str, dict[str, Array]]]) -> None:
    """Write warm-up requests into a SavedModel.

    Args:
        saved_model: Folder of the SavedModel.
        requests: Pairs of a signature's name and a dict from the names of its inputs to arrays.
    """
    import tensorflow as tf

    path = saved_model / FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            writer.write(_prediction_log(signature, inputs))


def _prediction_log(signature: str, inputs: dict[str, Array]) -> bytes:
    """Return PredictionLog(predict_log=PredictLog(request=PredictRequest(model_spec, inputs))), serialized."""
    import tensorflow as tf

    model_spec = _field(3, signature.encode())  # ModelSpec.signature_name
    request = _field(1, model_spec)
    for name, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += _field(2, _field(1, name.encode()) + _field(2, tensor))  # an entry of the map `inputs`
    return _field(6, _field(1, request))


def _field(number: int, data: bytes) -> bytes:
    """Return bytes as a field of a protocol buffer: number and kind, length in groups of seven bits, data."""
    length, groups = len(data), []
    while length > 0x7F:
        groups.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *groups, length]) + data
