"""The whole matting network on one 512 x 512 picture: time and memory, with A2U and with bilinear upsampling.

    python -m benchmarks.matting_inference --output benchmarks/matting_inference.json     # about 3 minutes on two cores

Width 1, random weights. Predictions of all sides alternate in one run; times are medians, and `ratio` is to the network
with bilinear upsampling and max-pooling in the same round. Memory is the peak of the whole process over what it held
before its first prediction, measured for each side in a process of its own.
"""

import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.matting import matting_net
from a2u_tf.ops import compiled, use_implementation
from benchmarks.record import describe_run

# name: upsampling, downsampling, implementation
SIDES = {
    "bilinear and max-pooling": ("bilinear", "max_pool", "composite"),
    "A2U dynamic cs, compiled": ("a2u", "a2u", "compiled"),
    "A2U dynamic cs, composite": ("a2u", "a2u", "composite"),
}

_OUTPUT = flags.DEFINE_string("output", "benchmarks/matting_inference.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Timed rounds over all sides; medians are reported.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)
_SIZE = flags.DEFINE_integer("size", 512, "Height and width of the picture.", lower_bound=16)
_MEMORY = flags.DEFINE_string("memory", None, "For the benchmark itself: print the memory of a side and stop.")


def make_prediction(upsampling, downsampling, implementation):
    """Return a prediction as a function of a batch; the first call traces."""
    keras.utils.set_random_seed(0)
    with use_implementation(implementation):
        model = matting_net(upsampling, downsampling)

    def predict(x):
        with use_implementation(implementation):
            return model.predict_on_batch(x)

    return predict


def picture():
    return np.random.default_rng(0).normal(size=(1, _SIZE.value, _SIZE.value, 4)).astype("float32")


def seconds(predict, x):
    """Wall time of one prediction."""
    start = time.perf_counter()
    predict(x)
    return time.perf_counter() - start


def peak_memory(side):
    """Peak bytes of three predictions over what the process held before them."""
    predict, x = make_prediction(*SIDES[side]), picture()
    before = _status("VmRSS")
    for _ in range(3):
        predict(x)
    return _status("VmHWM") - before


def _status(name):
    return 1024 * int(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text()).group(1))


def peak_memory_elsewhere(side):
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.matting_inference", f"--memory={side}", f"--size={_SIZE.value}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(printed.splitlines()[-1])


def main(_):
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    if reason := compiled.unavailable():
        raise SystemExit(f"error: the compiled op: {reason}")
    if _MEMORY.value:
        print(peak_memory(_MEMORY.value))
        return
    record, x = describe_run(), picture()
    predictions = {name: make_prediction(*side) for name, side in SIDES.items()}
    for predict in predictions.values():
        predict(x)
        predict(x)
    times = {name: [] for name in predictions}
    for _ in range(_ROUNDS.value):
        for name, predict in predictions.items():
            times[name].append(seconds(predict, x))
    measure = times["bilinear and max-pooling"]
    rows = []
    for name, t in times.items():
        row = {
            "side": name,
            "median_s": round(statistics.median(t), 3),
            "spread_s": [round(min(t), 3), round(max(t), 3)],
            "ratio": round(statistics.median(a / b for a, b in zip(t, measure, strict=True)), 2),
            "peak_mb": round(peak_memory_elsewhere(name) / 2**20),
        }
        rows.append(row)
        print(f"{name:28}{row['median_s']:8.3f} s {row['ratio']:6.2f} x   peak {row['peak_mb']:6,} MB", flush=True)
    settings = {"rounds": _ROUNDS.value, "threads": _THREADS.value, "size": _SIZE.value}
    write_json(_OUTPUT.value, {**record, **settings, "results": rows})


if __name__ == "__main__":
    app.run(main)
