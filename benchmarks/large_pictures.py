"""The whole matting network on photographs at full size: peak memory and time, by size and dtype.

    python -m benchmarks.large_pictures --output benchmarks/large_pictures.json     # half an hour on two cores

Width 1, random weights, A2U up and down by the compiled op. Each case is one prediction in a process of its own, traced
and run once, as the command line does it; memory is the peak of that process, with Python and TensorFlow in it.
"""

import json
import resource
import subprocess
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.matting import MattingModel
from a2u_tf.matting.prediction import DTYPES, LARGE, for_prediction, predict_alpha
from a2u_tf.ops import compiled
from benchmarks.record import describe_run

_OUTPUT = flags.DEFINE_string("output", "benchmarks/large_pictures.json", "JSON file to write.")
_SIZES = flags.DEFINE_list("sizes", ["1000x750", "2000x1500", "4000x3000"], "Widths and heights of the pictures.")
_DTYPES = flags.DEFINE_list("dtypes", list(DTYPES), "What to compute in.")
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)
_CASE = flags.DEFINE_list("case", None, "For the benchmark itself: measure one size and dtype and stop.")


def peak_bytes():
    """The most memory that this process has held."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(width, height, dtype):
    """Predict one picture, unknown throughout; return seconds and megabytes."""
    keras.utils.set_random_seed(0)
    model = for_prediction(MattingModel(), dtype, large=width * height > LARGE)
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    trimap = np.full((height, width), 128, np.uint8)
    before, start = peak_bytes(), time.perf_counter()
    predict_alpha(model, image, trimap)
    seconds = time.perf_counter() - start
    return {"seconds": round(seconds, 1), "start_mb": round(before / 2**20), "peak_mb": round(peak_bytes() / 2**20)}


def measure_elsewhere(size, dtype):
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.large_pictures", f"--case={size},{dtype}"]
    command.append(f"--threads={_THREADS.value}")
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"error: {size} in {dtype} ended with {result.returncode}: {result.stderr[-2000:]}")
    return json.loads(result.stdout.splitlines()[-1])


def main(_):
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    if reason := compiled.unavailable():
        raise SystemExit(f"error: the compiled op: {reason}")
    if _CASE.value:
        size, dtype = _CASE.value
        print(json.dumps(measure(*(int(length) for length in size.split("x")), dtype)))
        return
    record, rows = describe_run(), []
    for size in _SIZES.value:
        for dtype in _DTYPES.value:
            row = {"size": size, "dtype": dtype, **measure_elsewhere(size, dtype)}
            rows.append(row)
            print(f"{size:12}{dtype:10}{row['seconds']:8.1f} s   peak {row['peak_mb']:7,} MB", flush=True)
            write_json(_OUTPUT.value, {**record, "threads": _THREADS.value, "results": rows})


if __name__ == "__main__":
    app.run(main)
