"""LiteRT (TensorFlow Lite) files, for phones and small machines."""

import warnings
from pathlib import Path

import keras

from a2u_tf.export.endpoints import Endpoint, model_endpoint
from a2u_tf.export.examples import endpoint_examples, largest_difference, largest_value
from a2u_tf.export.exported import Exported, check_difference, refused_in_one_line
from a2u_tf.files import replaced
from a2u_tf.ops import use_implementation
from a2u_tf.ops.composite import maps_only

WEIGHTS = ("float32", "float16", "int8")


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
        model: `a2u_tf.matting.MattingModel` or a functional Keras model, on Keras' TensorFlow backend.
        path: File to write, ending in `.tflite`.
        size: Height and width of the pictures. Default: the model's own, where that is fixed.
        weights: `"float32"`; `"float16"`, of half the size, computed in float32; or `"int8"`, of a quarter, where
            convolutions quantise their inputs by their range, too. The difference of these is measured, not checked.
        tolerance: Largest difference from the model's outputs, relative to their largest value where that is above 1;
            for float32 weights.

    Returns:
        `Exported`.

    Raises:
        ValueError: For other models, endings, sizes and weights, where LiteRT lacks an operation of the model, and
            where the outputs differ by more than `tolerance`.
    """
    import tensorflow as tf

    if not str(path).endswith(".tflite"):
        raise ValueError(f"`path` must end in .tflite. Received: {path}")
    if weights not in WEIGHTS:
        raise ValueError(f"`weights` must be one of {WEIGHTS}. Received: weights={weights!r}")
    endpoint = model_endpoint(model).of_one(size).fixed()
    (inputs,) = endpoint_examples(endpoint)
    with replaced(path) as temporary:
        expected = endpoint(inputs)
        with refused_in_one_line("LiteRT"):
            temporary.write_bytes(_convert(endpoint, weights))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of the interpreter's move to a package of its own
                interpreter = tf.lite.Interpreter(str(temporary))
            received = interpreter.get_signature_runner()(**inputs)
        difference = largest_difference([expected], [received])
        if weights == "float32":
            check_difference(difference, tolerance * largest_value([expected]), "LiteRT file")
        names = {operation["op_name"] for operation in interpreter._get_ops_details()}
        operations = tuple(sorted(names - {"DELEGATE"}))  # which stands for some of the others
        exported = Exported(Path(path), temporary.stat().st_size, operations, difference)
    return exported


def _convert(endpoint: Endpoint, weights: str) -> bytes:
    import tensorflow as tf

    module = tf.Module()
    with use_implementation("composite"), maps_only():
        function = tf.function(endpoint.function, autograph=False).get_concrete_function(*endpoint.inputs)
    module.weights = function.variables
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
    if weights != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    content: bytes = converter.convert()
    return content
