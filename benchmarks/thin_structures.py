"""What the upsampling methods cost the networks of examples/thin_structures.py: times of training steps.

    python -m benchmarks.thin_structures --output benchmarks/thin_structures.json      # about 4 minutes

The networks are those of the files in results/thin_structures. Steps of all of them alternate in one run; times are
medians, and `ratio` is to bilinear upsampling, with all skips, in the same round.
"""

from pathlib import Path

import keras
import tensorflow as tf
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.ops.implementation import resolve_implementation
from benchmarks.record import describe_run
from benchmarks.rounds import compare_steps
from examples.thin_structures import BATCH, compiled, draw_pictures, unet, upsampling
from experiments.report_thin_structures import OPTIONS, read_runs

RESULTS = Path(__file__).parents[1] / "results" / "thin_structures"

_OUTPUT = flags.DEFINE_string("output", "benchmarks/thin_structures.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 21, "Timed rounds over all networks; medians are reported.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 1, "Threads of TensorFlow and of the op.", lower_bound=1)


def make_step(skips, settings):
    """Return one training step of a run's network as a function of a batch; the first call compiles."""
    options = {name: settings[name] for name in OPTIONS if name in settings}
    keras.utils.set_random_seed(0)
    model = compiled(unet(upsampling(settings["upsampling"], **options), skips), 1e-3)
    return lambda batch: model.train_on_batch(*batch)


def main(_):
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    record = {**describe_run(), "reassembly": resolve_implementation("auto")[0]}
    settings = {"rounds": _ROUNDS.value, "threads": _THREADS.value, "batch": BATCH}
    steps = {
        method if skips else f"{method}, no skips": make_step(skips, run["settings"])
        for skips, runs in read_runs(RESULTS).items()
        for method, (run, *_) in runs.items()
    }
    rows = compare_steps(steps, draw_pictures("training", BATCH), _ROUNDS.value, measure="bilinear")
    write_json(_OUTPUT.value, {**record, **settings, "results": rows})


if __name__ == "__main__":
    app.run(main)
