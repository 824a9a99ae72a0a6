"""The matting network today against another commit: predictions and training steps, with A2U and bilinear upsampling.

    git worktree add ../older COMMIT && (cd ../older && python -m custom_ops.build)
    python -m benchmarks.matting_since --checkout=../older --output=benchmarks/matting_since.json

Each side is a process of its own, with the packages of its checkout; in every round all sides act once. `ratio` is to
A2U in the other checkout in the same round.
"""

from pathlib import Path

from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.ops import compiled
from benchmarks import matting_sides
from benchmarks.record import describe_commit, describe_run
from benchmarks.sides import ROOT, Side, compare_sides

_CHECKOUT = flags.DEFINE_string("checkout", None, "Folder of the other commit, with its op built.", required=True)
_OUTPUT = flags.DEFINE_string("output", "benchmarks/matting_since.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Timed rounds over all sides; medians are reported.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)

TASKS = {
    "prediction": {"size": 512, "batch": 1, "width": 0.25},
    "training_step": {"size": 192, "batch": 8, "width": 0.25},
}


def main(_: list[str]) -> None:
    if reason := compiled.unavailable():
        raise SystemExit(f"error: the compiled op: {reason}")
    older = Path(_CHECKOUT.value).resolve()
    if not (older / "a2u_tf").is_dir():
        raise SystemExit(f"error: --checkout must be a folder that holds a2u_tf/. Received: {older}")
    record = {**describe_run(), "older_commit": describe_commit(older), "rounds": _ROUNDS.value}
    results = {}
    for task, sizes in TASKS.items():
        sides = {}
        for age, checkout in (("older", older), ("now", ROOT)):
            for upsampling, implementation in (("a2u", "compiled"), ("bilinear", "composite")):
                names = {"upsampling": upsampling, "implementation": implementation, "threads": _THREADS.value}
                sides[f"{upsampling}, {age}"] = Side(matting_sides.__file__, task, {**names, **sizes}, checkout)
        results[task] = {**sizes, "results": compare_sides(sides, _ROUNDS.value, measure="a2u, older")}
    write_json(_OUTPUT.value, {**record, "threads": _THREADS.value, **results})


if __name__ == "__main__":
    app.run(main)
