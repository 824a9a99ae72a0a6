"""Write a trained model for programs that do not have this package.

    python -m a2u_program.export --model=runs/matting/best.keras --output=served/matting
    python -m a2u_program.export --model=runs/matting/best.keras --output=matting.onnx --format=onnx
    python -m a2u_program.export --model=runs/matting/best.keras --output=matting.tflite --format=litert --size=512,512

A SavedModel becomes a version of its folder, served/matting/1, as TensorFlow Serving expects it. What was written is
read back and compared with the model; the difference is printed. Models of train.matting and of train.reconstruction.
"""

from absl import app, flags, logging

from a2u_program.streams import forgiving_streams
from a2u_tf.export import export_litert, export_onnx, export_saved_model
from a2u_tf.export.litert import WEIGHTS
from a2u_tf.matting.weights.loading import read_model


def export(model, output, file_format, version=1, size=None, weights="float32"):
    """Write a Keras model in one of the formats.

    Raises:
        ValueError: For arguments that the format does not have.
    """
    if file_format != "litert" and (size is not None or weights != "float32"):
        raise ValueError("--size and --weights are for --format=litert; other formats take any size, in float32.")
    if file_format == "saved_model":
        return export_saved_model(model, output, version)
    if version != 1:
        raise ValueError(f"--version is for --format=saved_model. Received: --format={file_format}")
    if file_format == "onnx":
        return export_onnx(model, output)
    return export_litert(model, output, size, weights)


def read_size(values):
    """Return the height and width of a flag's strings, or None for none.

    Raises:
        ValueError: For other than two positive integers.
    """
    if not values:
        return None
    if len(values) != 2 or not all(value.isdecimal() and int(value) > 0 for value in values):
        raise ValueError(f"Expected --size=HEIGHT,WIDTH, as in --size=512,512. Received: {','.join(values)}")
    return tuple(int(value) for value in values)


@forgiving_streams()
def main(argv):
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    logging.set_verbosity(logging.WARNING)  # TensorFlow lists hundreds of names while it saves
    try:
        size = read_size(values.size)
        model = read_model(values.model)
        print(export(model, values.output, values.format, values.version, size, values.weights))
    except (ValueError, OSError, ImportError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    flags.DEFINE_string(
        "model", None, "Saved model (.keras) of train.matting or train.reconstruction, or 'small'.", required=True
    )
    flags.DEFINE_string("output", None, "Folder of a SavedModel's versions, or file to write.", required=True)
    flags.DEFINE_enum("format", "saved_model", ("saved_model", "onnx", "litert"), "What to write.")
    flags.DEFINE_integer("version", 1, "Version of the SavedModel.", lower_bound=1)
    flags.DEFINE_list("size", None, "Height,width of the pictures, for LiteRT.")
    flags.DEFINE_enum("weights", "float32", WEIGHTS, "How LiteRT stores weights.")
    app.run(main)
