"""What A2U costs a whole network: training steps of the reconstruction network, by every way to run its reassembly.

    python -m benchmarks.training_step --output benchmarks/training_step.json      # about 5 minutes on two cores

The same network with bilinear upsampling and max-pooling is the measure. Steps of all sides alternate in one run; times
are medians, and `ratio` is to the measure without XLA in the same round.
"""

import statistics
import time

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import a2u_tf
from a2u_tf.files import write_json
from a2u_tf.models import reconstruction_net
from a2u_tf.ops import compiled
from benchmarks.record import describe_run

# name: upsampling, downsampling, implementation, XLA
SIDES = {
    "bilinear and max-pooling": ("bilinear", "max_pool", "composite", False),
    "bilinear and max-pooling, XLA": ("bilinear", "max_pool", "composite", True),
    "compiled": ("a2u", "a2u", "compiled", False),
    "composite": ("a2u", "a2u", "composite", False),
    "composite, XLA": ("a2u", "a2u", "composite", True),
}

_OUTPUT = flags.DEFINE_string("output", "benchmarks/training_step.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Timed rounds over all sides; medians are reported.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)
_BATCH = flags.DEFINE_integer("batch", 100, "Pictures of 32 x 32 per step.", lower_bound=1)


def make_step(upsampling, downsampling, implementation, jit):
    """Return one training step as a function of a batch; the first call compiles."""
    keras.utils.set_random_seed(0)
    with a2u_tf.ops.use_implementation(implementation):
        model = reconstruction_net(upsampling, downsampling, variant="dynamic", channel_shared=True)
        model.compile(keras.optimizers.SGD(0.01), "mean_absolute_error", jit_compile=jit)

    def step(x):
        with a2u_tf.ops.use_implementation(implementation):
            return float(model.train_on_batch(x, x))

    return step


def seconds(step, x):
    """Wall time of one step."""
    start = time.perf_counter()
    step(x)
    return time.perf_counter() - start


def main(_):
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    if reason := compiled.unavailable():
        raise SystemExit(f"error: the compiled op: {reason}")
    record = describe_run()
    x = np.random.default_rng(0).random((_BATCH.value, 32, 32, 1), dtype="float32")
    steps, first = {}, {}
    for name, side in SIDES.items():
        steps[name] = make_step(*side)
        first[name] = seconds(steps[name], x)
        seconds(steps[name], x)
    times = {name: [] for name in steps}
    for _ in range(_ROUNDS.value):
        for name, step in steps.items():
            times[name].append(seconds(step, x))
    measure = times["bilinear and max-pooling"]
    rows = []
    for name, t in times.items():
        ratio = statistics.median(a / b for a, b in zip(t, measure, strict=True))
        row = {
            "side": name,
            "median_ms": round(1e3 * statistics.median(t), 1),
            "spread_ms": [round(1e3 * min(t), 1), round(1e3 * max(t), 1)],
            "ratio": round(ratio, 2),
            "first_step_s": round(first[name], 1),
        }
        rows.append(row)
        print(f"{name:30}{row['median_ms']:10.1f} ms {row['ratio']:7.2f} x   first step {row['first_step_s']:.1f} s")
    write_json(
        _OUTPUT.value,
        {**record, "rounds": _ROUNDS.value, "threads": _THREADS.value, "batch": _BATCH.value, "results": rows},
    )


if __name__ == "__main__":
    app.run(main)
