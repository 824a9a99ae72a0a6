"""What A2U costs a whole network: training steps of the reconstruction network, by every way to run its reassembly.

    python -m benchmarks.training_step --output benchmarks/training_step.json      # about 5 minutes on two cores

The same network with bilinear upsampling and max-pooling is the measure. Steps of all sides alternate in one run; times
are medians, and `ratio` is to the measure without XLA in the same round.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import a2u_tf
from a2u_tf.files import write_json
from a2u_tf.ops import compiled
from a2u_tf.reconstruction import reconstruction_net
from a2u_tf.types import Array
from benchmarks.record import describe_run
from benchmarks.rounds import compare_steps

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


def make_step(upsampling: str, downsampling: str, implementation: str, jit: bool) -> Callable[[Array], float]:
    """Return one training step as a function of a batch; the first call compiles."""
    keras.utils.set_random_seed(0)
    with a2u_tf.ops.use_implementation(implementation):
        model = reconstruction_net(upsampling, downsampling, variant="dynamic", channel_shared=True)
        model.compile(keras.optimizers.SGD(0.01), "mean_absolute_error", jit_compile=jit)

    def step(x: Array) -> float:
        with a2u_tf.ops.use_implementation(implementation):
            return float(model.train_on_batch(x, x))

    return step


def main(_: list[str]) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    if reason := compiled.unavailable():
        raise SystemExit(f"error: the compiled op: {reason}")
    record = describe_run()
    x = np.random.default_rng(0).random((_BATCH.value, 32, 32, 1), dtype="float32")
    steps = {name: make_step(*side) for name, side in SIDES.items()}
    rows = compare_steps(steps, x, _ROUNDS.value, measure="bilinear and max-pooling")
    write_json(
        _OUTPUT.value,
        {**record, "rounds": _ROUNDS.value, "threads": _THREADS.value, "batch": _BATCH.value, "results": rows},
    )


if __name__ == "__main__":
    app.run(main)
