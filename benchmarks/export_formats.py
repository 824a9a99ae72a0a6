"""Exported matting models beside the Keras model: size, error and time of each format.

    python -m benchmarks.export_formats --output benchmarks/export_formats.json

One picture of --size, whose predictions by all formats alternate in one run; times are medians, and `ratio` is to the
Keras model in the same round. `difference` is the largest of alpha from the Keras model. With
$A2U_DATA_DIR the picture is the lemur of pymatting, and `sad` that of the field's protocol to its alpha; without,
noise. ONNX needs a2u_tf[onnx], and its conversion minutes.
"""

import os
import tempfile
import warnings
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf
from absl import app, flags, logging

from a2u_tf.export import export_litert, export_onnx, export_saved_model
from a2u_tf.export.files import WEIGHTS
from a2u_tf.files import write_json
from a2u_tf.matting.evaluation import evaluate
from a2u_tf.matting.pictures import read_alpha, read_rgb, read_trimap
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights.loading import load_matting
from benchmarks.record import describe_run
from benchmarks.rounds import compare_steps

_OUTPUT = flags.DEFINE_string("output", "benchmarks/export_formats.json", "JSON file to write.")
_MODEL = flags.DEFINE_string("model", "small", "'small', which comes with a2u_tf, or a saved Matting (.keras).")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Timed rounds over all formats.", lower_bound=1)
_SIZE = flags.DEFINE_integer("size", 256, "Height and width of the picture.", lower_bound=16)


def read_picture(size):
    """Return picture, trimap and alpha (or None), `(size, size)`: from the middle of the lemur, or noise."""
    if "A2U_DATA_DIR" not in os.environ:
        rng = np.random.default_rng(0)
        trimap = np.full((size, size), 128, "uint8")
        return rng.integers(0, 256, (size, size, 3), dtype="uint8"), trimap, None
    folder = Path(os.environ["A2U_DATA_DIR"], "matting_lemur")
    image, alpha = read_rgb(folder / "lemur.png"), read_alpha(folder / "lemur_alpha.png")
    trimap = read_trimap(folder / "lemur_trimap.png").levels
    trimap[(trimap != 0) & (trimap != 255)] = 128
    height, width = trimap.shape
    scale = size / min(height, width)
    cut = [slice(max(0, round(scale * length) - size) // 2, None) for length in (height, width)]
    new = (round(scale * width), round(scale * height))
    pictures = [cv2.resize(x, new, interpolation=cv2.INTER_AREA)[*cut][:size, :size] for x in (image, alpha)]
    trimap = cv2.resize(trimap, new, interpolation=cv2.INTER_NEAREST)[*cut][:size, :size]
    return pictures[0], trimap, pictures[1]


def export_all(model, size, folder):
    """Return a dict from the formats to `(exported, function of image and trimap)`."""
    saved = export_saved_model(model, folder / "matting")
    serve = tf.saved_model.load(str(saved.path)).signatures["serving_default"]
    sides = {"SavedModel": (saved, lambda inputs: serve(**{k: tf.constant(x) for k, x in inputs.items()})["alpha"])}
    try:
        exported = export_onnx(model, folder / "matting.onnx")
        import onnxruntime

        session = onnxruntime.InferenceSession(str(exported.path), providers=["CPUExecutionProvider"])
        sides["ONNX"] = exported, lambda inputs: session.run(["alpha"], inputs)[0]
    except ImportError as error:
        print(f"no ONNX: {error}")
    for weights in WEIGHTS:
        exported = export_litert(model, folder / f"{weights}.tflite", (size, size), weights)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            interpreter = tf.lite.Interpreter(str(exported.path), num_threads=os.cpu_count())
        run = interpreter.get_signature_runner()
        sides[f"LiteRT, {weights} weights"] = exported, lambda inputs, run=run: run(**inputs)["alpha"]
    return sides


def main(_):
    logging.set_verbosity(logging.WARNING)
    record, size = describe_run(), _SIZE.value
    model = load_matting(_MODEL.value)
    image, trimap, alpha = read_picture(size)
    inputs = {"image": image[None], "trimap": trimap[None, ..., None]}
    with tempfile.TemporaryDirectory() as folder:
        sides = export_all(model, size, Path(folder))
        steps = {"Keras": lambda x: predict_alpha(model, x["image"][0], x["trimap"][0, ..., 0])[None, ..., None]}
        steps |= {name: function for name, (_, function) in sides.items()}
        rows = compare_steps(steps, inputs, _ROUNDS.value, "Keras")
        expected = steps["Keras"](inputs)
        for row in rows:
            matte = np.asarray(steps[row["side"]](inputs))
            row["difference"] = float(f"{np.abs(matte - expected).max():.2g}")
            if row["side"] in sides:
                row["mb"] = round(sides[row["side"]][0].size / 1e6, 1)
            if alpha is not None:
                levels = [np.rint(255 * x).astype("uint8") for x in (matte[0, ..., 0], alpha)]
                row["sad"] = round(evaluate(*levels, trimap)["sad"], 4)
            print(f"{row['side']:26} difference {row['difference']:.1e}  SAD {row.get('sad', '-')}", flush=True)
    settings = {"rounds": _ROUNDS.value, "size": size, "parameters": model.network.count_params()}
    write_json(_OUTPUT.value, {**record, **settings, "results": rows})


if __name__ == "__main__":
    app.run(main)
