"""How the matting network starts to learn, over seeds: with its last filter as an average, and drawn as the others are.

    python -m experiments.start --seeds=0,1,2,3,4,5,6,7,8,9

Every run takes the same 75 batches of drawn crops four times, in orders of its seed's own, by the settings of
`train.matting` without encoder weights. A value is the mean loss of the last 50 steps over that of the best constant
matte on the same crops: 1 is what a network reaches that looks at nothing. Three minutes a run on one thread; each
leaves a file, and is not repeated while that is there.
"""

import itertools
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from absl import app, flags

from a2u_tf.files import markdown_table, versions, write_json, write_text
from a2u_tf.matting.data import training_batches
from a2u_tf.matting.network.stages import xavier
from a2u_tf.types import Array
from train.matting_losses import make_loss
from train.matting_network import make_network
from train.matting_settings import Settings
from train.matting_sources import make_source

STEPS, BATCHES, LAST = 300, 75, 50
CONSTANTS = np.linspace(0, 1, 21)
SETTINGS: dict[str, Any] = {"width": 0.25, "batch_size": 8, "crop_size": (160,)}
METHODS = {"A2U": "a2u_dynamic_cs", "bilinear": "bilinear"}
STARTS = ("average", "drawn")

Batch = tuple[Array, Array]


def draw_batches(settings: Settings) -> list[Batch]:
    source = make_source(settings.source, settings.backgrounds, max(settings.crop_size))
    batches = training_batches(source, settings.batch_size, settings.crop_size)
    return [(np.asarray(x), np.asarray(y)) for x, y in itertools.islice(batches, BATCHES)]


def constant_losses(settings: Settings, batches: list[Batch]) -> Array:
    """Return the loss of each constant on each batch."""
    loss = make_loss(settings.loss)
    mattes = [np.full((*batches[0][0].shape[:3], 1), value, "float32") for value in CONSTANTS]
    return np.array([[float(loss(target, matte)) for matte in mattes] for _, target in batches])


def train(settings: Settings, start: str, batches: list[Batch], constants: Array) -> dict[str, Any]:
    """Train a network; returns its losses over those of the best constant, by runs of `LAST` steps."""
    network = make_network(settings)
    last = network.get_layer("alpha_conv").kernel
    if start == "drawn":
        last.assign(xavier()(last.shape))
    first_sum = float(keras.ops.sum(last))
    random = np.random.default_rng(settings.seed)
    order: list[int] = []
    losses: list[float] = []
    while len(order) < STEPS:
        order += list(random.permutation(BATCHES))
    for place in order[:STEPS]:
        losses.append(float(network.train_on_batch(*batches[place])))
        network.reset_metrics()
    parts = [slice(step, step + LAST) for step in range(0, STEPS, LAST)]
    best = [constants[order[part]].mean(axis=0).min() for part in parts]
    ratios = [round(float(np.mean(losses[part]) / value), 3) for part, value in zip(parts, best, strict=True)]
    return {"sum": round(first_sum, 2), "ratios": ratios}


def report(runs: list[dict[str, Any]]) -> str:
    """Return a table: a row a seed, the last value of each method and start, and the sum of its filter."""
    columns = [(method, start) for start in STARTS for method in METHODS]
    cells = {(run["seed"], run["method"], run["start"]): run for run in runs}
    rows = [["seed", *(f"{method}, {start}" for method, start in columns)]]
    for seed in sorted({run["seed"] for run in runs}):
        found = [cells.get((seed, *column)) for column in columns]
        rows.append([str(seed), *(f"{x['ratios'][-1]:.3f} ({x['sum']:+.1f})" if x else "" for x in found)])
    return markdown_table(rows, [True] * len(rows[0]))


def main(_: list[str]) -> None:
    folder, values = Path(flags.FLAGS.output), flags.FLAGS
    wanted = itertools.product(map(int, values.seeds), values.starts, values.methods)
    paths = {case: folder / "{2}_{1}_seed_{0}.json".format(*case) for case in wanted}
    missing = {case: path for case, path in paths.items() if not path.exists()}
    if missing:
        batches = draw_batches(Settings(**SETTINGS))
        constants = constant_losses(Settings(**SETTINGS), batches)
    for (seed, start, method), path in missing.items():
        settings = Settings(**SETTINGS, upsampling=METHODS[method], seed=seed)
        result = {"method": method, "start": start, "seed": seed, **train(settings, start, batches, constants)}
        write_json(path, {**result, "settings": SETTINGS, "steps": STEPS, "versions": versions()})
        print(result, flush=True)
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    about = "By `python -m experiments.start`, which says what the values are; in brackets the sum of the last filter."
    write_text(folder.with_suffix(".md"), f"# How the matting network starts\n\n{about}\n\n{report(runs)}")


if __name__ == "__main__":
    flags.DEFINE_list("seeds", ["0"], "Seeds.")
    flags.DEFINE_list("starts", list(STARTS), f"Of {STARTS}.")
    flags.DEFINE_list("methods", list(METHODS), f"Of {tuple(METHODS)}.")
    flags.DEFINE_string("output", "results/start", "Folder of one JSON file a run; the table is written beside it.")
    app.run(main)
