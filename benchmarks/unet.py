"""What A2U costs a small U-Net: time and parameters of the network of docs/layers.md against `UpSampling2D`.

    python -m benchmarks.unet --output benchmarks/unet.json      # about 5 minutes on two cores

Training steps, and predictions, of all sides alternate in one run; times are medians, and `ratio` is to bilinear
`UpSampling2D` in the same round.
"""

import re
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.ops import use_implementation
from benchmarks.record import describe_run
from benchmarks.rounds import compare_steps

PAGE = Path(__file__).parents[1] / "docs" / "layers.md"
BILINEAR = "UpSampling2D, bilinear"
BATCH, SIDE = 4, 128

_OUTPUT = flags.DEFINE_string("output", "benchmarks/unet.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 21, "Timed rounds over all sides; medians are reported.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)


def make_steps():
    """Return parameters, training steps and predictions of all sides, by their names."""
    names: dict = {}
    exec(re.search(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)[1], names)
    sides = {
        BILINEAR: (names["bilinear"], "auto"),
        "UpSampling2D, nearest": (lambda x, skip: keras.layers.UpSampling2D()(x), "auto"),
        "A2U, compiled op": (names["a2u"], "compiled"),
        "A2U, composite": (names["a2u"], "composite"),
    }
    parameters, trainings, predictions = {}, {}, {}
    for name, (upsample, implementation) in sides.items():
        with use_implementation(implementation):
            network = names["unet"](upsample)
            network.compile("sgd", "mean_absolute_error", jit_compile=False)
        parameters[name] = network.count_params()
        trainings[name] = within(
            implementation, lambda x, network=network: network.train_on_batch(x, x.mean(-1, keepdims=True))
        )
        predictions[name] = within(implementation, network.predict_on_batch)
    return parameters, trainings, predictions


def within(implementation, step):
    """Return the step as it runs, and is traced, by one implementation."""

    def run(x):
        with use_implementation(implementation):
            return step(x)

    return run


def main(_):
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    record = describe_run()
    x = np.random.default_rng(0).random((BATCH, SIDE, SIDE, 3), dtype="float32")
    parameters, trainings, predictions = make_steps()
    settings = {"rounds": _ROUNDS.value, "threads": _THREADS.value, "batch": BATCH, "side": SIDE}
    results = {
        "parameters": parameters,
        "training": compare_steps(trainings, x, _ROUNDS.value, measure=BILINEAR),
        "prediction": compare_steps(predictions, x, _ROUNDS.value, measure=BILINEAR),
    }
    write_json(_OUTPUT.value, {**record, **settings, **results})


if __name__ == "__main__":
    app.run(main)
