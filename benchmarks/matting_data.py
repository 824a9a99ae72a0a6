"""The matting data while nothing else runs, and what they cost a training beside them.

    python -m benchmarks.matting_data --output benchmarks/matting_data.json      # about 10 minutes on two cores

Pictures are made on the spot: foregrounds of 1024 x 1024 as PNG, backgrounds of 1600 x 1200 as JPEG. First samples per
second of the data alone, and what a sample takes of the processors. Then training steps of the matting network, fed by
the data and by one batch held in memory: how long a step waits for its batch, and how much longer it takes for sharing
the processors with those who make the next. Rounds alternate over the sides, times are medians, `ratio` is to the batch
in memory in the same round.
"""

import itertools
import statistics
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.matting.data import PictureSource, training_batches
from a2u_tf.matting.pictures import background_pictures, rgba_foregrounds
from benchmarks.record import describe_run
from train.matting_network import make_network
from train.matting_settings import Settings

ALONE = {"batch_size": 4, "crop_size": 512}
BESIDE = {"batch_size": 2, "crop_size": 512}
WIDTHS = (1.0, 0.25)
STEPS = 3

_OUTPUT = flags.DEFINE_string("output", "benchmarks/matting_data.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Timed rounds over all sides; medians are reported.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow.", lower_bound=1)


def make_source(folder):
    """Write four foregrounds and four backgrounds with detail of several sizes, and return the source."""
    rng = np.random.default_rng(0)

    def noise(height, width, channels):
        layers = (rng.random((height // n, width // n, channels), np.float32) for n in (4, 16, 100))
        resized = (cv2.resize(layer, (width, height)).reshape(height, width, channels) for layer in layers)
        return sum(resized) / 3

    rows, columns = np.indices((1024, 1024))
    distance = np.hypot(rows - 512, columns - 512)[..., None]
    for name in ("foregrounds", "backgrounds"):
        Path(folder, name).mkdir()
    for number in range(4):
        alpha = np.clip((400 - distance) / 50 + 8 * (noise(1024, 1024, 1) - 0.5), 0, 1)
        rgba = np.concatenate([noise(1024, 1024, 3), alpha], axis=-1)
        cv2.imwrite(f"{folder}/foregrounds/{number}.png", np.rint(rgba * 255).astype(np.uint8))
        cv2.imwrite(f"{folder}/backgrounds/{number}.jpg", np.rint(noise(1200, 1600, 3) * 255).astype(np.uint8))
    return PictureSource(rgba_foregrounds(f"{folder}/foregrounds"), background_pictures(f"{folder}/backgrounds"))


def measure_alone(source, rounds):
    """Return one row for each number of workers, and of OpenCV's own threads."""
    sides = list(itertools.product((1, 2), (1, _THREADS.value)))
    rates, cpu = {side: [] for side in sides}, {side: [] for side in sides}
    samples = STEPS * ALONE["batch_size"]
    for _ in range(rounds):
        for workers, opencv_threads in sides:
            cv2.setNumThreads(opencv_threads)
            start, cpu_start = time.perf_counter(), time.process_time()
            for _ in training_batches(source, workers=workers, **ALONE).take(STEPS):
                pass
            rates[workers, opencv_threads].append(samples / (time.perf_counter() - start))
            cpu[workers, opencv_threads].append((time.process_time() - cpu_start) / samples)
    rows = []
    for side in sides:
        row = {
            "workers": side[0],
            "opencv_threads": side[1],
            "samples_per_second": round(statistics.median(rates[side]), 2),
            "spread": [round(min(rates[side]), 2), round(max(rates[side]), 2)],
            "cpu_ms_per_sample": round(1e3 * statistics.median(cpu[side]), 1),
        }
        rows.append(row)
        print(row, flush=True)
    return rows


def measure_beside(source, rounds):
    """Return one row for each way to feed the network of the training, at each width."""
    batch = next(iter(training_batches(source, **BESIDE)))
    sides = {
        "one batch in memory": lambda: tf.data.Dataset.from_tensors(batch).repeat(),
        "training_batches": lambda: training_batches(source, **BESIDE),
    }
    return [
        row for width in WIDTHS for row in measure_network(make_network(Settings(width=width)), sides, width, rounds)
    ]


def measure_network(network, sides, width, rounds):
    """Return a row for each side: the steps, and how long they wait for their batches."""
    network.train_on_batch(*next(iter(sides["one batch in memory"]())))
    steps, waits, ratios = ({name: [] for name in sides} for _ in range(3))
    for _ in range(rounds):
        for name, make in sides.items():
            batches = iter(make())
            next(batches)  # the first one is made before there is a step to make it beside
            for _ in range(STEPS):
                start = time.perf_counter()
                batch = next(batches)
                waits[name].append(time.perf_counter() - start)
                network.train_on_batch(*batch)
                steps[name].append(time.perf_counter() - start)
            ratios[name].append(sum(steps[name][-STEPS:]) / sum(steps["one batch in memory"][-STEPS:]))
    rows = []
    for name in sides:
        row = {
            "width": width,
            "side": name,
            "median_step_ms": round(1e3 * statistics.median(steps[name])),
            "ratio": round(statistics.median(ratios[name]), 2),
            "median_wait_ms": round(1e3 * statistics.median(waits[name]), 1),
            "longest_wait_ms": round(1e3 * max(waits[name]), 1),
        }
        rows.append(row)
        print(row, flush=True)
    return rows


def main(_):
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    record = describe_run()
    with tempfile.TemporaryDirectory() as folder:
        source = make_source(folder)
        default = cv2.getNumThreads()
        alone = measure_alone(source, _ROUNDS.value)
        cv2.setNumThreads(default)
        beside = measure_beside(source, _ROUNDS.value)
    settings = {"rounds": _ROUNDS.value, "threads": _THREADS.value, "steps": STEPS}
    write_json(
        _OUTPUT.value,
        {**record, **settings, "alone": {**ALONE, "results": alone}, "beside": {**BESIDE, "results": beside}},
    )


if __name__ == "__main__":
    app.run(main)
