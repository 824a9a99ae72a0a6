"""The matting network with A2U without its ops, today against another commit: JAX, torch, XLA, plain graphs, exports.

    git worktree add ../older COMMIT && (cd ../older && python -m custom_ops.build)
    python -m benchmarks.portable_since --checkout=../older      # after pip install 'a2u_tf[jax,torch]'

Each side is a process of its own, with the packages of its checkout; in every round both sides of a case act once.
`ratio` is to the older one in the same round.
"""

from pathlib import Path

from absl import app, flags

from a2u_tf.files import package_version, write_json
from benchmarks import matting_sides
from benchmarks.record import describe_commit, describe_run
from benchmarks.sides import ROOT, Side, compare_sides

_CHECKOUT = flags.DEFINE_string("checkout", None, "Folder of the other commit.", required=True)
_OUTPUT = flags.DEFINE_string("output", "benchmarks/portable_since.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Timed rounds over both sides of a case; medians.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow.", lower_bound=1)

PLAIN = {"implementation": "composite"}
STEP = {"size": 128, "batch": 4}
CASES = {
    "TensorFlow, prediction": ("prediction", PLAIN | {"size": 256}),
    "TensorFlow, training step": ("training_step", PLAIN | STEP),
    "TensorFlow with XLA, training step": ("training_step", PLAIN | STEP | {"xla": True}),
    "TensorFlow, SavedModel": ("saved_model_prediction", {"size": 256}),
    "JAX, prediction": ("prediction", PLAIN | {"size": 256, "backend": "jax"}),
    "JAX, training step": ("training_step", PLAIN | STEP | {"backend": "jax"}),
    "torch, prediction": ("prediction", PLAIN | {"size": 256, "backend": "torch"}),
    "torch, training step": ("training_step", PLAIN | STEP | {"backend": "torch"}),
}


def main(_: list[str]) -> None:
    older = Path(_CHECKOUT.value).resolve()
    if not (older / "a2u_tf").is_dir():
        raise SystemExit(f"error: --checkout must be a folder that holds a2u_tf/. Received: {older}")
    record = {**describe_run(), "older_commit": describe_commit(older), "rounds": _ROUNDS.value}
    record["versions"] |= {name: package_version(name) for name in ("jax", "torch")}
    network = {"upsampling": "a2u", "width": 0.25, "threads": _THREADS.value}
    cases = []
    for name, (function, arguments) in CASES.items():
        print(name, flush=True)
        sides = {
            age: Side(matting_sides.__file__, function, {**network, **arguments}, checkout)
            for age, checkout in (("older", older), ("now", ROOT))
        }
        cases.append({"case": name, **arguments, "results": compare_sides(sides, _ROUNDS.value, measure="older")})
    write_json(_OUTPUT.value, {**record, **network, "cases": cases})


if __name__ == "__main__":
    app.run(main)
