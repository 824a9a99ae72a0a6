"""`a2u export`: a trained model for programs that do not have this package."""

import argparse

from a2u_program.arguments import positive_integer

HELP = "write a model for TensorFlow Serving, ONNX or LiteRT"
DESCRIPTION = """\
Write a trained model for programs that do not have this package.

A SavedModel becomes a version of its folder, such as served/matting/1, as
TensorFlow Serving expects it. What was written is read back and compared with
the model; the difference is printed."""
EXAMPLES = """\
  %(prog)s --model runs/matting/best.keras -o served/matting
  %(prog)s --model runs/matting/best.keras -o matting.onnx --format onnx
  %(prog)s --model small -o matting.tflite --format litert --size 512 512
"""
# Those of a2u_tf.export.files, which would have to be imported for them.
WEIGHTS = ("float32", "float16", "int8")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--model",
        required=True,
        help="'small', which comes with this package, or a saved model (.keras), for matting or for digits",
    )
    parser.add_argument("-o", "--output", required=True, help="folder of a SavedModel's versions, or file to write")
    parser.add_argument(
        "--format", choices=("saved_model", "onnx", "litert"), default="saved_model", help="default: %(default)s"
    )
    parser.add_argument("--version", type=positive_integer, metavar="N", help="of the SavedModel (default: 1)")
    parser.add_argument(
        "--size", type=positive_integer, nargs=2, metavar=("HEIGHT", "WIDTH"), help="of the pictures, for LiteRT"
    )
    parser.add_argument("--weights", choices=WEIGHTS, help="how LiteRT stores weights (default: float32)")


def check(args: argparse.Namespace) -> None:
    """Raise `ValueError` for arguments that the format does not have."""
    if args.format != "litert" and (args.size or args.weights):
        raise ValueError("--size and --weights are for --format litert; other formats take any size, in float32")
    if args.format != "saved_model" and args.version:
        raise ValueError(f"--version is for --format saved_model. Received: --format {args.format}")


def run(args: argparse.Namespace) -> None:
    """Write the model and print what was measured of it."""
    from a2u_tf.export import export_litert, export_onnx, export_saved_model
    from a2u_tf.matting.weights.loading import read_model

    model = read_model(args.model)
    if args.format == "saved_model":
        print(export_saved_model(model, args.output, args.version or 1))
    elif args.format == "onnx":
        print(export_onnx(model, args.output))
    else:
        print(export_litert(model, args.output, args.size, args.weights or "float32"))
