"""SavedModels for TensorFlow Serving and everything else that runs TensorFlow, without this package and its op."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from a2u_tf.export import reload
from a2u_tf.export.endpoints import model_endpoint
from a2u_tf.export.examples import encoded, endpoint_examples, largest_difference, largest_value
from a2u_tf.export.exported import Exported, check_difference
from a2u_tf.files import temporary_path
from a2u_tf.matting import MattingModel
from a2u_tf.matting.serving.encoded import encoded_matting
from a2u_tf.matting.serving.warmup import write_warmup
from a2u_tf.ops import use_implementation

PIXELS, FILES = "serving_default", "serve_encoded"


def export_saved_model(model, folder, version=1, tolerance=1e-3):
    """Write a model as a version of a SavedModel: the folder `folder/version`, as TensorFlow Serving expects it.

    The graph holds operations of TensorFlow alone, and the folder requests for warming up the server. Before it gets
    its name, it is loaded in a new process that knows only TensorFlow, and compared with the model; so it is right and
    whole, or not there.

    A `MattingModel` model gets two signatures, for pictures of any size:

    - `serving_default`: uint8 `image` `(N, H, W, 3)` and `trimap` `(N, H, W, 1)` to float32 `alpha` `(N, H, W, 1)`.
    - `serve_encoded`: strings `image_bytes` and `trimap_bytes` (PNG or JPEG files), `(N,)`, to `alpha_bytes`, grey PNG
      files of 8 bits; see `a2u_tf.matting.serving.encoded`.

    A functional model gets `serving_default`, with the names of its inputs and outputs.

    Args:
        model: `a2u_tf.matting.MattingModel` or a functional Keras model, on Keras' TensorFlow backend.
        folder: The model's folder, made where it is missing; its name is the model's.
        version: Integer of at least 1. Servers take the largest.
        tolerance: Largest difference from the model's outputs, relative to their largest value where that is above 1.

    Returns:
        `Exported`.

    Raises:
        FileExistsError: Where there is such a version already.
        ValueError: For other models and versions, for a graph with operations that are not TensorFlow's, and where the
            outputs differ by more than `tolerance`.

    Example:

    >>> model = keras.saving.load_model("runs/matting/best.keras", compile=False)
    >>> print(a2u_tf.export.export_saved_model(model, "served/matting"))
    """
    folder = Path(folder).absolute()
    target = _new_version(folder, version)
    endpoint = model_endpoint(model)
    with _staged(target) as staging:
        _write(model, endpoint, staging)
        calls = _calls(model, endpoint)
        expected = [endpoint(inputs) for signature, inputs in calls if signature == PIXELS]
        received = _call_elsewhere(staging, calls)
        difference = largest_difference(expected, [outputs for outputs in received if "alpha_bytes" not in outputs])
        check_difference(difference, tolerance * largest_value(expected), "SavedModel")
        _check_files(expected[-1], received[-1])
        write_warmup(staging, calls)
        exported = Exported(target, _bytes(staging), _operations(staging), difference)
    return exported


def _new_version(folder, version):
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError(f"`version` must be an integer of at least 1. Received: version={version!r}")
    target = folder / str(version)
    if target.exists():
        free = 1 + max(int(path.name) for path in folder.iterdir() if re.fullmatch("[0-9]+", path.name))
        raise FileExistsError(
            f"{target} is there already. Write a new version, version={free} (--version={free}), or remove it."
        )
    return target


@contextlib.contextmanager
def _staged(target):
    """Yield a folder to write into, under another name beside the model's; on success it becomes `target`."""
    model = target.parent
    staging = temporary_path(model)
    try:
        yield staging
        model.mkdir(exist_ok=True)
        os.rename(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(model, endpoint, folder):
    """Write concrete functions: Keras' archive would have TensorFlow trace the network again while it saves."""
    import tensorflow as tf

    with use_implementation("composite"):
        pixels = tf.function(endpoint.function, autograph=False).get_concrete_function(*endpoint.inputs)
        signatures = {PIXELS: pixels}
        if isinstance(model, MattingModel):
            files = [tf.TensorSpec((None,), tf.string, name) for name in ("image_bytes", "trimap_bytes")]
            signatures[FILES] = tf.function(encoded_matting(pixels), autograph=False).get_concrete_function(*files)
    module = tf.Module()
    module.weights = pixels.variables
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)  # nobody trains what is served
    tf.saved_model.save(module, str(folder), signatures, options)


def _calls(model, endpoint):
    """Return pairs of a signature and its inputs; the call by files is the last call by pixels over again."""
    examples = endpoint_examples(model, endpoint)
    calls = [(PIXELS, inputs) for inputs in examples]
    return [*calls, (FILES, encoded(examples[-1]))] if isinstance(model, MattingModel) else calls


def _call_elsewhere(saved_model, calls):
    """Return what the SavedModel answers in a process of its own, a dict of arrays for each call."""
    with tempfile.TemporaryDirectory() as folder:
        requests, answers = Path(folder, "calls.npz"), Path(folder, "results.npz")
        np.savez(
            requests, **{f"{n}/{name}/{key}": x for n, (name, inputs) in enumerate(calls) for key, x in inputs.items()}
        )
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
        results: list[dict] = [{} for _ in calls]
        with np.load(answers) as file:
            for key, array in file.items():
                number, _, name = key.split("/", 2)
                results[int(number)][name] = array
    return results


def _check_files(expected, received):
    """The mattes in files are those in pixels, to one level of rounding."""
    if "alpha_bytes" not in received:
        return
    pictures = [cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED) for png in received["alpha_bytes"]]
    levels = np.array(pictures)[..., None]
    difference = largest_difference([{"alpha": np.rint(255 * expected["alpha"]) / 255}], [{"alpha": levels / 255}])
    check_difference(difference, 1.001 / 255, "SavedModel's signature for files")


def _bytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _operations(saved_model):
    from tensorflow.core.protobuf import saved_model_pb2

    graph = saved_model_pb2.SavedModel.FromString((saved_model / "saved_model.pb").read_bytes()).meta_graphs[0]
    return tuple(sorted(operation.name for operation in graph.meta_info_def.stripped_op_list.op))
