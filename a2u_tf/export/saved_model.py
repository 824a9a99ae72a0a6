"""SavedModels for TensorFlow Serving and everything else that runs TensorFlow, without this package and its op."""

import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import keras

from a2u_tf.export import reload
from a2u_tf.export.endpoints import Arrays, Endpoint, Exported, checked_difference, largest_value, model_endpoint
from a2u_tf.files import temporary_path
from a2u_tf.ops import use_implementation
from a2u_tf.ops.validation import positive_integers

FIRST, WARMUP = "serving_default", "assets.extra/tf_serving_warmup_requests"
Calls = list[tuple[str, Arrays]]


def export_saved_model(model: keras.Model, folder: Path | str, version: int = 1, tolerance: float = 1e-3) -> Exported:
    """Write a model as a version of a SavedModel: the folder `folder/version`, as TensorFlow Serving expects it.

    The graph holds operations of TensorFlow alone, and the folder requests for warming up the server. Before it gets
    its name, it is loaded in a new process that knows only TensorFlow, and compared with the model.

    A functional model gets the signature `serving_default`, with the names of its inputs and outputs. A
    `a2u_tf.matting.MattingModel` gets two, for pictures of any size:

    - `serving_default`: uint8 `image` `(N, H, W, 3)` and `trimap` `(N, H, W, 1)` to float32 `alpha` `(N, H, W, 1)`.
    - `serve_encoded`: strings `image_bytes` and `trimap_bytes` (PNG or JPEG files), `(N,)`, to `alpha_bytes`, grey PNG
      files of 8 bits; see `a2u_tf.matting.serving`.

    Args:
        model: `a2u_tf.matting.MattingModel` or a functional Keras model, on Keras' TensorFlow backend.
        folder: The model's folder; its name is the model's.
        version: Integer of at least 1. Servers take the largest.
        tolerance: Largest difference from the model's outputs, relative to their largest value where that is above 1.

    Raises:
        FileExistsError: Where there is such a version already.
        ValueError: For other models, for operations that are not TensorFlow's, and where the outputs differ by more.
    """
    positive_integers(version=version)
    folder = Path(folder).absolute()
    target = folder / str(version)
    if target.exists():
        free = 1 + max(int(path.name) for path in folder.iterdir() if re.fullmatch("[0-9]+", path.name))
        raise FileExistsError(
            f"{target} is there already. Write a new version, version={free} (--version={free}), or remove it."
        )
    endpoint = model_endpoint(model)
    staging = temporary_path(folder)
    try:
        _write(endpoint, staging)
        examples = endpoint.examples()
        calls = [(FIRST, inputs) for inputs in examples]
        calls += [(signature.name, signature.encode(examples[-1])) for signature in endpoint.signatures]
        expected = [endpoint(inputs) for inputs in examples]
        received = _call_elsewhere(staging, calls)
        firsts, others = received[: len(expected)], received[len(expected) :]
        difference = checked_difference(expected, firsts, tolerance * largest_value(expected), "SavedModel")
        for signature, outputs in zip(endpoint.signatures, others, strict=True):
            name = f"SavedModel's signature {signature.name}"
            checked_difference(expected[-1:], [signature.decode(outputs)], signature.tolerance, name)
        write_warmup(staging, calls)
        size = sum(path.stat().st_size for path in staging.rglob("*") if path.is_file())
        exported = Exported(target, size, _operations(staging), difference)
        folder.mkdir(exist_ok=True)
        os.rename(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return exported


def _write(endpoint: Endpoint, folder: Path) -> None:
    """Write concrete functions: Keras' archive would have TensorFlow trace the network again while it saves."""
    import tensorflow as tf

    with use_implementation("composite"):
        first = tf.function(endpoint.function, autograph=False).get_concrete_function(*endpoint.inputs)
        signatures = {FIRST: first}
        for further in endpoint.signatures:
            function = tf.function(further.around(first), autograph=False)
            signatures[further.name] = function.get_concrete_function(*further.inputs)
    module = tf.Module()
    module.weights = first.variables
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)  # nobody trains what is served
    tf.saved_model.save(module, str(folder), signatures, options)


def _call_elsewhere(saved_model: Path, calls: Calls) -> list[Arrays]:
    """Return what the SavedModel answers in a process of its own, a dict of arrays for each call."""
    with tempfile.TemporaryDirectory() as folder:
        requests, answers = Path(folder, "calls"), Path(folder, "answers")
        requests.write_bytes(pickle.dumps(calls))
        process = subprocess.run(
            [sys.executable, "-P", reload.__file__, str(saved_model), str(requests), str(answers)],
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
        )
        if process.returncode:
            lines = process.stderr.strip().splitlines() or [f"it ended with status {process.returncode}"]
            raise ValueError(
                f"The SavedModel does not run in a process that knows TensorFlow alone: {lines[-1]}. Nothing was kept. "
                "If the graph holds an operation that is not TensorFlow's, export the model without that layer."
            )
        results: list[Arrays] = pickle.loads(answers.read_bytes())
    return results


def _operations(saved_model: Path) -> tuple[str, ...]:
    from tensorflow.core.protobuf import saved_model_pb2

    graph = saved_model_pb2.SavedModel.FromString((saved_model / "saved_model.pb").read_bytes()).meta_graphs[0]
    return tuple(sorted(operation.name for operation in graph.meta_info_def.stripped_op_list.op))


def write_warmup(saved_model: Path, requests: Calls) -> None:
    """Write requests that TensorFlow Serving runs when it loads a SavedModel: the first client shall not wait for that.

    They are a TFRecord of PredictionLog messages (tensorflow_serving/apis/{prediction_log,predict,model}.proto). These
    are a few nested fields, which are written here, without the package tensorflow-serving-api.
    """
    import tensorflow as tf

    path = saved_model / WARMUP
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            request = _field(1, _field(3, signature.encode()))  # ModelSpec.signature_name
            for name, value in inputs.items():
                tensor = tf.make_tensor_proto(value).SerializeToString()
                request += _field(2, _field(1, name.encode()) + _field(2, tensor))  # an entry of the map `inputs`
            writer.write(_field(6, _field(1, request)))  # PredictionLog.predict_log, PredictLog.request


def _field(number: int, data: bytes) -> bytes:
    """Return bytes as a field of a protocol buffer: number and kind, length in groups of seven bits, data."""
    length, groups = len(data), []
    while length > 0x7F:
        groups.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *groups, length]) + data
