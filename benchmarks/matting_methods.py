"""A matte by the small network and by closed form: time and memory, by size of the picture.

    python -m benchmarks.matting_methods --output benchmarks/matting_methods.json     # needs a2u_tf[pymatting]

The photograph of docs/photo, enlarged, with the trimap that a box makes of it. Each case is a process of its own, which
makes the matte twice: the first time may hold what a program does once, such as tracing and compiling. Memory is the
peak of the process over what it held before.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import cv2
import tensorflow as tf
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.matting.closed_form import closed_form_alpha, import_pymatting
from a2u_tf.matting.pictures import read_rgb, trimap_from_box
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights import load_matting
from benchmarks.record import describe_run

PHOTO = Path(__file__).parents[1] / "docs" / "photo" / "lemur.jpg"
BOX = (150, 55, 385, 384)
METHODS = ("network", "closed form")


def picture(megapixels):
    """The photograph at that size, and its trimap."""
    image = read_rgb(str(PHOTO))
    trimap = trimap_from_box(image, BOX)
    factor = (megapixels * 1e6 / trimap.size) ** 0.5
    image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return image, cv2.resize(trimap, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)


def peak():
    """Megabytes, the most that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(method, megapixels, threads):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    image, trimap = picture(megapixels)
    if method == "network":
        model = load_matting("small")
    else:
        import_pymatting()
    before, seconds = peak(), []
    for _ in range(2):
        start = time.perf_counter()
        if method == "network":
            predict_alpha(model, image, trimap)
        else:
            closed_form_alpha(image, trimap)
        seconds.append(round(time.perf_counter() - start, 2))
    return {"first_seconds": seconds[0], "seconds": seconds[1], "megabytes": round(peak() - before)}


def main(_):
    values = flags.FLAGS
    if values.case:
        method, megapixels = values.case
        print(json.dumps(measure(method, float(megapixels), values.threads)))
        return
    record, rows = describe_run(), []
    for megapixels in map(float, values.megapixels):
        for method in METHODS:
            command = [sys.executable, "-m", "benchmarks.matting_methods", f"--case={method},{megapixels}"]
            done = subprocess.run(
                [*command, f"--threads={values.threads}"], stdout=subprocess.PIPE, text=True, check=True
            )
            rows.append({"megapixels": megapixels, "method": method, **json.loads(done.stdout.splitlines()[-1])})
            print(rows[-1], flush=True)
    write_json(values.output, {**record, "threads": values.threads, "results": rows})


if __name__ == "__main__":
    flags.DEFINE_string("output", "benchmarks/matting_methods.json", "JSON file to write.")
    flags.DEFINE_list("megapixels", ["0.25", "1", "4"], "Sizes of the picture.")
    flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)
    flags.DEFINE_list("case", None, "For the benchmark itself: a method and a size to measure, and stop.")
    app.run(main)
