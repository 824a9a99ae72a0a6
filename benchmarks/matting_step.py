"""What a training step of the matting network takes on any Keras backend: A2U against bilinear upsampling.

    python -m benchmarks.matting_step --output=benchmarks/matting_step.json
    KERAS_BACKEND=jax python -m benchmarks.matting_step --dtypes=float32,mixed_bfloat16

Each side is a process of its own, several times, for two of one program differ by a few percent; in every round all
sides take one step. Times are medians, and `ratio` is to bilinear upsampling with max-pooling in the first of the
dtypes in the same round. Memory is the peak of the process over what it held before its first step.
"""

import keras
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.ops import compiled
from benchmarks import matting_sides
from benchmarks.record import describe_run
from benchmarks.sides import Side, compare_sides

_OUTPUT = flags.DEFINE_string("output", "benchmarks/matting_step.json", "JSON file to write.")
_STARTS = flags.DEFINE_integer("starts", 5, "Times that every side is started; medians of all.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 6, "Timed rounds over all sides after each start.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)
_WIDTH = flags.DEFINE_float("width", 0.25, "Of the network.")
_BATCH = flags.DEFINE_integer("batch", 8, "Pictures per step.", lower_bound=1)
_SIDE = flags.DEFINE_integer("side", 192, "Of a picture, in pixels: a multiple of 16.", lower_bound=16)
_DTYPES = flags.DEFINE_list("dtypes", ["float32"], "Dtype policies.")


def main(_: list[str]) -> None:
    implementations = ["composite"] if compiled.unavailable() else ["compiled", "composite"]
    methods = [("bilinear", "composite"), *(("a2u", name) for name in implementations)]
    settings = {"width": _WIDTH.value, "batch": _BATCH.value, "size": _SIDE.value, "threads": _THREADS.value}
    record, sides = describe_run(), {}
    for policy in _DTYPES.value:
        for upsampling, implementation in methods:
            name = "bilinear" if upsampling == "bilinear" else f"a2u, {implementation}"
            arguments = {"upsampling": upsampling, "implementation": implementation, "policy": policy, **settings}
            sides[f"{name}, {policy}"] = Side(matting_sides.__file__, "training_step", arguments)
    counts = {"starts": _STARTS.value, "rounds": _ROUNDS.value}
    rows = compare_sides(sides, measure=f"bilinear, {_DTYPES.value[0]}", **counts)
    run = {**record, "backend": keras.backend.backend(), **settings, **counts}
    write_json(_OUTPUT.value, {**run, "results": rows})


if __name__ == "__main__":
    app.run(main)
