"""ONNX files, for ONNX Runtime and what else reads them, and LiteRT (TensorFlow Lite) files, for small machines."""

import contextlib
import logging
import math
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import keras

from a2u_tf.export.endpoints import Arrays, Endpoint, Exported, checked_difference, largest_value, model_endpoint
from a2u_tf.files import replaced
from a2u_tf.ops import use_implementation
from a2u_tf.ops.composite import maps_only

OPSET = 18
WEIGHTS = ("float32", "float16", "int8")
Written: TypeAlias = tuple[set[str], Callable[[Arrays], Arrays]]  # the kinds of operations in a file, and what runs it


def export_onnx(model: keras.Model, path: Path | str, tolerance: float = 1e-3) -> Exported:
    """Write a model as an ONNX file for batches of one, of any height and width where the model takes these.

    Names, shapes and dtypes are those of `serving_default` in `a2u_tf.export.export_saved_model`. A batch of one: the
    encodings of dynamic A2U are filters of one sample each, which ONNX cannot convolve a batch of open size with. The
    file is run by ONNX Runtime and compared with the model before it gets its name. The conversion of a whole matting
    network takes minutes. Nothing in the file checks that picture and trimap have one size, nor the trimap's levels.

    Args:
        model, tolerance: As of `export_saved_model`.
        path: File to write, ending in `.onnx`.

    Raises:
        ImportError: Where tf2onnx, onnx or ONNX Runtime is missing.
        ValueError: As of `export_saved_model`, for other endings, and where ONNX lacks an operation of the model.
    """
    if not str(path).endswith(".onnx"):
        raise ValueError(f"`path` must end in .onnx. Received: {path}")
    try:
        import onnxruntime
        import tf2onnx
    except ImportError as error:
        raise ImportError(
            f"Writing ONNX needs tf2onnx, onnx and onnxruntime ({error}). Install them: pip install 'a2u_tf[onnx]'"
        ) from error
    endpoint = model_endpoint(model).of_one()

    def write(file: Path) -> Written:
        import tensorflow as tf

        logger = logging.getLogger("tf2onnx")
        level = logger.level
        logger.setLevel(logging.CRITICAL)  # it warns of every pass of its optimizer; ONNX Runtime says what is wrong
        try:
            with use_implementation("composite"):
                function = tf.function(endpoint.function, endpoint.inputs, autograph=False)
                converted, _ = tf2onnx.convert.from_function(function, endpoint.inputs, OPSET, output_path=str(file))
        finally:
            logger.setLevel(level)
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        operations = {node.op_type for node in converted.graph.node}
        return operations, lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))

    return _export_file(endpoint, path, "ONNX", tolerance, write)


def export_litert(
    model: keras.Model,
    path: Path | str,
    size: tuple[int, int] | None = None,
    weights: str = "float32",
    tolerance: float = 1e-3,
) -> Exported:
    """Write a model as a LiteRT file of built-in operations alone, for batches of one of one size.

    Its signature `serving_default` has the names, shapes and dtypes of that in `a2u_tf.export.export_saved_model`. The
    file is run by TensorFlow's interpreter and compared with the model before it gets its name.

    Args:
        model, tolerance: As of `export_saved_model`.
        path: File to write, ending in `.tflite`.
        size: Height and width of the pictures. Default: the model's own, where that is fixed.
        weights: `"float32"`; `"float16"`, of half the size, computed in float32; or `"int8"`, of a quarter, where
            convolutions quantise their inputs by their range, too. The difference of these is measured, not limited.

    Raises:
        ValueError: As of `export_saved_model`, for other endings, sizes and weights, and where LiteRT lacks an
            operation of the model.
    """
    import tensorflow as tf

    if not str(path).endswith(".tflite"):
        raise ValueError(f"`path` must end in .tflite. Received: {path}")
    if weights not in WEIGHTS:
        raise ValueError(f"`weights` must be one of {WEIGHTS}. Received: weights={weights!r}")
    endpoint = model_endpoint(model).of_one(size)
    if endpoint.is_open():
        raise ValueError(
            "The model takes pictures of any size, and this format needs one. Pass it, as in size=(512, 512) or --size "
            "512 512."
        )

    def write(file: Path) -> Written:
        module = tf.Module()
        with use_implementation("composite"), maps_only():
            function = tf.function(endpoint.function, autograph=False).get_concrete_function(*endpoint.inputs)
        module.weights = function.variables
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
        if weights != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if weights == "float16":
            converter.target_spec.supported_types = [tf.float16]
        file.write_bytes(converter.convert())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of the interpreter's move to a package of its own
            interpreter = tf.lite.Interpreter(str(file))
        names = {operation["op_name"] for operation in interpreter._get_ops_details()}
        runner = interpreter.get_signature_runner()
        return names - {"DELEGATE"}, lambda inputs: runner(**inputs)  # which stands for some of the others

    return _export_file(endpoint, path, "LiteRT", tolerance if weights == "float32" else math.inf, write)


def _export_file(
    endpoint: Endpoint, path: Path | str, name: str, tolerance: float, write: Callable[[Path], Written]
) -> Exported:
    """Have a file of the format `name` written, run it and compare it with the model before it gets its own name."""
    examples = endpoint.examples()
    with replaced(path) as temporary:
        expected = [endpoint(inputs) for inputs in examples]
        with refused_in_one_line(name):
            operations, run = write(temporary)
            received = [run(inputs) for inputs in examples]
        difference = checked_difference(expected, received, tolerance * largest_value(expected), f"{name} file")
        exported = Exported(Path(path), temporary.stat().st_size, tuple(sorted(operations)), difference)
    return exported


@contextlib.contextmanager
def refused_in_one_line(name: str) -> Iterator[None]:
    """Raise `ValueError` of one line for whatever a converter or a runtime of another project raises within."""
    try:
        yield
    except (OSError, MemoryError):  # what the machine lacks, which no other model would mend
        raise
    except Exception as error:
        lines = [line for line in str(error).splitlines() if line.strip()] or [""]
        raise ValueError(
            f"The model does not go into {name} ({type(error).__name__}: {lines[0][:300]}). Nothing was kept. Export "
            "it as a SavedModel, or with another layer in that place."
        ) from error
