"""The whole matting network on one 512 x 512 picture: time and memory, with A2U and with bilinear upsampling.

    python -m benchmarks.matting_inference --output benchmarks/matting_inference.json     # about 3 minutes on two cores

Random weights. Each side is a process of its own; in every round all sides predict once. Times are medians, and `ratio`
is to the network with bilinear upsampling and max-pooling in the same round. Memory is the peak of the process over
what it held before its first prediction.
"""

from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.ops import compiled
from benchmarks import matting_sides
from benchmarks.record import describe_run
from benchmarks.sides import Side, compare_sides

MEASURE = "bilinear and max-pooling"
SIDES = {
    MEASURE: ("bilinear", "composite"),
    "A2U dynamic cs, compiled": ("a2u", "compiled"),
    "A2U dynamic cs, composite": ("a2u", "composite"),
}

_OUTPUT = flags.DEFINE_string("output", "benchmarks/matting_inference.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Timed rounds over all sides; medians are reported.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)
_SIZE = flags.DEFINE_integer("size", 512, "Height and width of the picture, a multiple of 16.", lower_bound=16)
_WIDTH = flags.DEFINE_float("width", 1.0, "Factor on the channels of the networks.")


def main(_: list[str]) -> None:
    if reason := compiled.unavailable():
        raise SystemExit(f"error: the compiled op: {reason}")
    settings = {"threads": _THREADS.value, "size": _SIZE.value, "width": _WIDTH.value}
    record, sides = describe_run(), {}
    for name, (upsampling, implementation) in SIDES.items():
        arguments = {"upsampling": upsampling, "implementation": implementation, **settings}
        sides[name] = Side(matting_sides.__file__, "prediction", arguments)
    rows = compare_sides(sides, _ROUNDS.value, MEASURE)
    write_json(_OUTPUT.value, {**record, "rounds": _ROUNDS.value, **settings, "results": rows})


if __name__ == "__main__":
    app.run(main)
