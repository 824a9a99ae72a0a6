"""ONNX files, for ONNX Runtime and what else reads them."""

import logging
from pathlib import Path
from types import ModuleType

import keras

from a2u_tf.export.endpoints import Endpoint, model_endpoint
from a2u_tf.export.examples import endpoint_examples, largest_difference, largest_value
from a2u_tf.export.exported import Exported, check_difference, refused_in_one_line
from a2u_tf.files import replaced
from a2u_tf.ops import use_implementation

OPSET = 18


def export_onnx(model: keras.Model, path: Path | str, tolerance: float = 1e-3) -> Exported:
    """Write a model as an ONNX file for batches of one, of any height and width where the model takes these.

    Names, shapes and dtypes are those of `serving_default` in `a2u_tf.export.export_saved_model`. A batch of one: the
    encodings of dynamic A2U are filters of one sample each, which ONNX cannot convolve a batch of open size with. The
    file is run by ONNX Runtime and compared with the model before it gets its name. The conversion of a whole matting
    network takes minutes. Nothing in the file checks that picture and trimap have one size, nor the trimap's levels.

    Args:
        model: `a2u_tf.matting.MattingModel` or a functional Keras model, on Keras' TensorFlow backend.
        path: File to write, ending in `.onnx`.
        tolerance: Largest difference from the model's outputs, relative to their largest value where that is above 1.

    Returns:
        `Exported`.

    Raises:
        ImportError: Where tf2onnx, onnx or ONNX Runtime is missing.
        ValueError: For other models and endings, where ONNX lacks an operation of the model, and where the outputs
            differ by more than `tolerance`.
    """
    if not str(path).endswith(".onnx"):
        raise ValueError(f"`path` must end in .onnx. Received: {path}")
    onnxruntime, tf2onnx = _packages()
    endpoint = model_endpoint(model).of_one()
    examples = endpoint_examples(endpoint)
    with replaced(path) as temporary:
        expected = [endpoint(inputs) for inputs in examples]
        with refused_in_one_line("ONNX"):
            operations = _write(tf2onnx, endpoint, temporary)
            session = onnxruntime.InferenceSession(str(temporary), providers=["CPUExecutionProvider"])
            names = [output.name for output in session.get_outputs()]
            received = [dict(zip(names, session.run(names, inputs), strict=True)) for inputs in examples]
        difference = largest_difference(expected, received)
        check_difference(difference, tolerance * largest_value(expected), "ONNX file")
        exported = Exported(Path(path), temporary.stat().st_size, operations, difference)
    return exported


def _packages() -> tuple[ModuleType, ModuleType]:
    try:
        import onnxruntime
        import tf2onnx
    except ImportError as error:
        raise ImportError(
            f"Writing ONNX needs tf2onnx, onnx and onnxruntime ({error}). Install them: pip install 'a2u_tf[onnx]'"
        ) from error
    return onnxruntime, tf2onnx


def _write(tf2onnx: ModuleType, endpoint: Endpoint, path: Path) -> tuple[str, ...]:
    """Convert and write; return the names of the operations."""
    import tensorflow as tf

    function = tf.function(endpoint.function, endpoint.inputs, autograph=False)
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # it warns of every pass of its optimizer, and ONNX Runtime says what is wrong
    try:
        with use_implementation("composite"):
            model, _ = tf2onnx.convert.from_function(function, endpoint.inputs, opset=OPSET, output_path=str(path))
    finally:
        logger.setLevel(level)
    return tuple(sorted({node.op_type for node in model.graph.node}))
