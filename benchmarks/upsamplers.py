"""What every upsampling method costs a whole network: training steps of the reconstruction network.

    python -m benchmarks.upsamplers --output benchmarks/upsamplers.json      # about 8 minutes on two cores

Each method comes with the downsampling of its own, else strided convolutions, and runs as `fit` runs it by default:
A2U and the other reassembling methods by the compiled op where it is built. Steps of all methods alternate in one run;
times are medians, and `ratio` is to nearest-neighbour upsampling in the same round.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.layers import METHODS, Resampling
from a2u_tf.ops.implementation import resolve_implementation
from a2u_tf.reconstruction import reconstruction_net
from a2u_tf.types import Array
from benchmarks.record import describe_run
from benchmarks.rounds import compare_steps

_OUTPUT = flags.DEFINE_string("output", "benchmarks/upsamplers.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Timed rounds over all methods; medians are reported.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)
_BATCH = flags.DEFINE_integer("batch", 100, "Pictures of 32 x 32 per step.", lower_bound=1)


def make_step(method: str) -> Callable[[Array], float]:
    """Return one training step as a function of a batch; the first call compiles."""
    keras.utils.set_random_seed(0)
    model = reconstruction_net(Resampling.parse(method))
    model.compile(keras.optimizers.SGD(0.01), "mean_absolute_error", jit_compile=False)
    return lambda x: model.train_on_batch(x, x)


def main(_: list[str]) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    record = {**describe_run(), "reassembly": resolve_implementation("auto")[0]}
    x = np.random.default_rng(0).random((_BATCH.value, 32, 32, 1), dtype="float32")
    steps = {method: make_step(method) for method in METHODS}
    rows = compare_steps(steps, x, _ROUNDS.value, measure="nearest")
    write_json(
        _OUTPUT.value,
        {**record, "rounds": _ROUNDS.value, "threads": _THREADS.value, "batch": _BATCH.value, "results": rows},
    )


if __name__ == "__main__":
    app.run(main)
