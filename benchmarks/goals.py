"""What speed and memory must be, and should be: each demand beside what was measured, in one file.

    git worktree add ../older cfabbc7 && (cd ../older && python -m custom_ops.build)
    python -m benchmarks.goals --checkout=../older      # about half an hour on a quiet machine; needs 'a2u_tf[torch]'
    python -m benchmarks.goals --nomeasure              # again from the files of the benchmarks that are there

`met` is "goal", "must" or "no". A ratio is by what the row names behind the slash; smaller is better where `at_most`.
"""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from absl import app, flags

from a2u_tf.files import write_json

FOLDER = Path(__file__).parent
MEASURED = ("kept_for_backward", "matting_inference", "matting_step", "matting_peer", "start", "matting_since")

Files: TypeAlias = dict[str, Any]  # what the benchmarks wrote, by their names


@dataclasses.dataclass(frozen=True)
class Demand:
    """A figure, read from the files of the benchmarks, and its bounds."""

    what: str
    read: Callable[[Files], float]
    must: float | None
    goal: float | None
    at_most: bool = True


def row(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the row of a side or a program."""
    return next(row for row in rows if name in (row.get("side"), row.get("program")))


def results(benchmark: str, name: str, column: str) -> Callable[[Files], float]:
    """Return a reader of one figure of a benchmark's table."""
    return lambda files: float(row(files[benchmark]["results"], name)[column])


def quotient(benchmark: str, column: str, of: str, to: str) -> Callable[[Files], float]:
    """Return a reader of the quotient of two sides of a benchmark's table."""
    return lambda files: results(benchmark, of, column)(files) / results(benchmark, to, column)(files)


def since(task: str, of: str, to: str) -> Callable[[Files], float]:
    """Return a reader of the quotient of the times of two sides of `matting_since`."""
    return lambda files: (
        row(files["matting_since"][task]["results"], of)["median_ms"]
        / row(files["matting_since"][task]["results"], to)["median_ms"]
    )


BILINEAR, COMPILED, COMPOSITE = "bilinear, float32", "a2u, compiled, float32", "a2u, composite, float32"
TORCH = "PyTorch by unfold, torch.compile"
DEMANDS = [
    Demand("prediction, A2U / bilinear", results("matting_inference", "A2U dynamic cs, compiled", "ratio"), 1.12, 1.06),
    Demand(
        "prediction without the op, A2U / bilinear",
        results("matting_inference", "A2U dynamic cs, composite", "ratio"),
        1.5,
        1.3,
    ),
    Demand("training step, A2U / bilinear", results("matting_step", COMPILED, "ratio"), 1.15, 1.10),
    Demand("training step without the op, A2U / bilinear", results("matting_step", COMPOSITE, "ratio"), 1.5, 1.3),
    Demand(
        "peak memory of training steps, A2U / bilinear",
        quotient("matting_step", "peak_mb", COMPILED, BILINEAR),
        None,
        1.10,
    ),
    Demand("kept for the backward pass, MB", results("kept_for_backward", "compiled", "kept_mb"), 150, None),
    Demand("prediction, bilinear now / before", since("prediction", "bilinear, now", "bilinear, older"), 1.0, None),
    Demand(
        "training step, bilinear now / before", since("training_step", "bilinear, now", "bilinear, older"), 1.0, None
    ),
    Demand("training step, A2U now / before", since("training_step", "a2u, now", "a2u, older"), 0.80, 0.65),
    Demand("prediction at width 0.25, A2U now / before", since("prediction", "a2u, now", "a2u, older"), 0.85, 0.75),
    Demand(
        "prediction, times as fast as torch.compile",
        quotient("matting_peer", "median_ms", TORCH, "ours"),
        2.0,
        2.3,
        False,
    ),
    Demand(
        "prediction in bfloat16, times as fast as torch.compile in float32",
        quotient("matting_peer", "median_ms", TORCH, "ours, bfloat16"),
        None,
        3.5,
        False,
    ),
    Demand(
        "peak memory of predictions, ours / torch.compile",
        quotient("matting_peer", "peak_mb", "ours", TORCH),
        1.0,
        None,
    ),
    Demand(
        "first training step, seconds above TensorFlow's import",
        results("start", "first training step, A2U", "above_import_s"),
        None,
        8,
    ),
    Demand(
        "a2u matte of a picture of 512 x 512, seconds above TensorFlow's import",
        results("start", "a2u matte", "above_import_s"),
        None,
        1.5,
    ),
]


def judged(demand: Demand, measured: float) -> dict[str, Any]:
    """Return the row of a demand."""
    met = "no"
    for name, bound in (("must", demand.must), ("goal", demand.goal)):
        if bound is not None and (measured <= bound if demand.at_most else measured >= bound):
            met = name
    bounds = {"must": demand.must, "goal": demand.goal, "at_most": demand.at_most}
    return {"what": demand.what, "measured": round(measured, 3), **bounds, "met": met}


def main(_: list[str]) -> None:
    if flags.FLAGS.measure:
        for name in MEASURED[: None if flags.FLAGS.checkout else -1]:
            words = [f"--checkout={flags.FLAGS.checkout}"] if name == "matting_since" else []
            print(name, flush=True)
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *words], cwd=FOLDER.parent, check=True)
    files = {name: json.loads((FOLDER / f"{name}.json").read_text()) for name in MEASURED}
    rows = [judged(demand, demand.read(files)) for demand in DEMANDS]
    for one in rows:
        print(f"{one['what']:75}{one['measured']:9.3f}   must {one['must']}, goal {one['goal']}: {one['met']}")
    commits = {name: files[name]["commit"] for name in MEASURED}
    write_json(flags.FLAGS.output, {"commits": commits, "device": files["matting_step"]["device"], "results": rows})


if __name__ == "__main__":
    flags.DEFINE_string("output", str(FOLDER / "goals.json"), "JSON file to write.")
    flags.DEFINE_bool("measure", True, "Run the benchmarks first.")
    flags.DEFINE_string("checkout", None, "As of benchmarks.matting_since; without it that is not run anew.")
    app.run(main)
