"""The whole matting network in Keras against the same network in PyTorch: time and memory of a prediction on a CPU.

    python -m benchmarks.matting_peer     # after pip install 'a2u_tf[torch]'

One picture, random weights, from a NumPy array to a NumPy array. Each side is a process of its own; in every round all
sides predict once. Times are medians, and `ratio` is to `torch.compile` in float32 in the same round. Memory is the
peak of the process over what it held before its first prediction: with what the first one takes to trace or to compile.
It is the median of several processes of a side: that of one program differs from process to process.

The machine must have nothing else to do: OpenMP's threads, by which torch computes, wait for one another while busy,
and lose far more to another program on the same cores than TensorFlow's.

PyTorch's side is `benchmarks/pytorch_peer.py`: the released network with stock operations in place of its CUDA, in two
forms.
"""

import importlib.util

from absl import app, flags

from a2u_tf.files import package_version, write_json
from a2u_tf.ops import compiled
from benchmarks import matting_sides
from benchmarks.record import describe_run
from benchmarks.sides import Side, compare_sides

_OUTPUT = flags.DEFINE_string("output", "benchmarks/matting_peer.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Timed rounds over all sides of each start.", lower_bound=1)
_STARTS = flags.DEFINE_integer("starts", 5, "Times that every side is started; medians of all.", lower_bound=1)
_SIZE = flags.DEFINE_integer("size", 512, "Height and width of the picture, a multiple of 16.", lower_bound=16)
_WIDTH = flags.DEFINE_float("width", 1.0, "Factor on the channels of both networks.")
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and the op, or of torch.", lower_bound=1)

OURS = {"upsampling": "a2u", "implementation": "compiled"}
MEASURE = "PyTorch, torch.compile"
SIDES = {
    "ours": ("prediction", OURS),
    "ours, bfloat16": ("prediction", OURS | {"policy": "mixed_bfloat16"}),
    "PyTorch, eager": ("torch_prediction", {"mode": "eager"}),
    "PyTorch, eager, bfloat16": ("torch_prediction", {"mode": "bfloat16"}),
    MEASURE: ("torch_prediction", {"mode": "compile"}),
    "PyTorch by unfold, eager": ("torch_prediction", {"mode": "unfold"}),
    "PyTorch by unfold, torch.compile": ("torch_prediction", {"mode": "unfold, compile"}),
}


def main(_: list[str]) -> None:
    if importlib.util.find_spec("torch") is None:
        raise SystemExit("error: the network that ours is measured against needs torch: pip install 'a2u_tf[torch]'")
    if reason := compiled.unavailable():
        raise SystemExit(f"error: the compiled op: {reason}")
    record = describe_run()
    record["versions"]["torch"] = package_version("torch")
    settings = {"size": _SIZE.value, "width": _WIDTH.value, "threads": _THREADS.value}
    sides = {
        name: Side(matting_sides.__file__, function, {**arguments, **settings})
        for name, (function, arguments) in SIDES.items()
    }
    rows = compare_sides(sides, _ROUNDS.value, MEASURE, _STARTS.value)
    counts = {"starts": _STARTS.value, "rounds": _ROUNDS.value}
    write_json(_OUTPUT.value, {**record, **counts, **settings, "results": rows})


if __name__ == "__main__":
    app.run(main)
