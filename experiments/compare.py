"""Train the digit-reconstruction network with every upsampling method, and set the methods side by side.

    python -m experiments.compare --quick                     # synthetic digits, minutes, no download
    python -m experiments.compare --dataset=mnist --upsampling=carafe,a2u_dynamic_cs+conv --seeds=0,1,2
    python -m experiments.compare --table=ablation            # A2U's own settings, one changed at a time
    python -m experiments.compare --schedule=full             # the paper's recipe, for a GPU

Each run is a process of its own, `python -m train.reconstruction`, in a run folder of its own, and goes on where it was
killed. KERAS_BACKEND=jax trains on JAX. Each finished run leaves one JSON file in the output folder, with its command,
and is not repeated while that is there, so that several machines can share the work. `experiments.report_comparison`
makes the table and the figure from those, by default beside the folder results/reconstruction or results/ablation.

Every method is trained with max-pooling, so that the table compares upsampling and nothing else; those that are used
with another downsampling are trained with that, too.

Reference: Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021, supplementary A.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.complexity import network_cost
from a2u_tf.files import write_json
from a2u_tf.layers import METHODS
from a2u_tf.reconstruction import reconstruction_net
from experiments.report_comparison import write_report
from train.reconstruction import Settings

Case: TypeAlias = dict[str, Any]  # settings of a run, but for its data set, schedule and seed

_ADAM = {"batch_size": 20, "optimizer": "adam", "learning_rate": 0.001}
SCHEDULES: dict[str, dict[str, Any]] = {
    "full": {"epochs": 100, "batch_size": 100, "learning_rate": 0.01},
    "short": {"epochs": 5, "limit_train": 10_000, **_ADAM},
    "long": {"epochs": 50, "limit_train": 10_000, **_ADAM},
    "quick": {"epochs": 2, "limit_train": 1_000, **_ADAM},
}
_USUAL = {name: "indexnet" if name.startswith("indexnet") else "conv" for name in METHODS if name != "max_unpool"}
_A2U = {"upsampling": "a2u_dynamic_cs", "downsampling": "max_pool"}
TABLES: dict[str, list[Case]] = {
    "methods": [
        *({"upsampling": name, "downsampling": "max_pool"} for name in METHODS),
        *({"upsampling": name, "downsampling": own} for name, own in _USUAL.items() if not name.startswith("a2u")),
    ],
    "ablation": [
        _A2U,
        _A2U | {"projection_initializer": "released"},
        _A2U | {"rank": 1},
        _A2U | {"encoding_size": 3},
        _A2U | {"encoding_size": 6},
        _A2U | {"kernel_size": 3},
        # As in the matting network.
        _A2U | {"kernel_size": 3, "encoding_size": 6, "rank": 1, "projection_initializer": "released"},
        _A2U | {"kernel_size": 3, "normalization": "softmax"},
        _A2U | {"kernel_size": 3, "normalization": "sigmoid"},
        _A2U | {"downsampling": "a2u_dynamic_cs"},
        _A2U | {"downsampling": "conv"},
    ],
}
OUTPUTS = {"methods": "results/reconstruction", "ablation": "results/ablation"}
QUICK: dict[str, Any] = {
    "dataset": ["synthetic"],
    "upsampling": ["bilinear", "carafe", "a2u_dynamic_cs"],
    "schedule": "quick",
}


def case_of(name: str) -> Case:
    """Return the case of a method, such as `"carafe"`, or of a pair, such as `"carafe+conv"`.

    Raises:
        ValueError: For names that are none.
    """
    up, _, down = name.partition("+")
    case: Case = {"upsampling": up, **({"downsampling": down} if down else {})}
    Settings(**case).resampling  # noqa: B018  (which says what is wrong)
    return case


def name_of(case: Case) -> str:
    """Return a case as a word for file names: the methods, and what else is not the default."""
    others = {name: value for name, value in case.items() if name not in ("upsampling", "downsampling")}
    return "_".join([Settings(**case).resampling.name, *(f"{name}_{value}" for name, value in others.items())])


def train(
    dataset: str,
    case: Case,
    seed: int,
    schedule: str,
    runs: Path | str,
    output: Path | str,
    data_dir: Path | str | None = None,
) -> dict[str, Any]:
    """Train one network and write its JSON file, or find that written; returns its content.

    That is the run's summary, with method, schedule and multiply-accumulates of one picture.

    Raises:
        RuntimeError: With the run's last lines where it fails.
    """
    settings = {"dataset": dataset, **case, **SCHEDULES[schedule], "seed": seed}
    name = f"{schedule}_{dataset}_{name_of(case)}_seed_{seed}"
    folder, path = Path(runs) / name, Path(output) / f"{name}.json"
    if path.exists():
        finished: dict[str, Any] = json.loads(path.read_text())
        if settings.items() <= finished["settings"].items():
            return finished
    backbone, operators = network_cost(reconstruction_net(Settings(**case).resampling))
    words = [f"--{name}={value}" for name, value in settings.items()]
    words += [f"--run_dir={folder}", "--notensorboard", *([f"--data_dir={data_dir}"] if data_dir else [])]
    command = [sys.executable, "-m", "train.reconstruction", *words]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if run.returncode:
        raise RuntimeError(f"{name} failed: {' '.join(command)}\n{run.stdout[-2000:]}")
    names = {"method": name_of(case), "schedule": schedule, "macs": backbone + operators.macs}
    summary = {**names, **json.loads((folder / "summary.json").read_text())}
    write_json(path, summary)
    return summary


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values: dict[str, Any] = dict(flags.FLAGS.flag_values_dict())
    if flags.FLAGS.quick:
        values |= {name: value for name, value in QUICK.items() if not flags.FLAGS[name].present}
    output = Path(values["output"] or OUTPUTS[values["table"]])
    try:
        cases = [case_of(name) for name in values["upsampling"]] or TABLES[values["table"]]
        jobs = [(d, case, int(s)) for s in values["seeds"] for d in values["dataset"] for case in cases]
        for number, (dataset, case, seed) in enumerate(jobs, 1):
            print(f"{number} of {len(jobs)}: {dataset}, {name_of(case)}, seed {seed}", flush=True)
            summary = train(dataset, case, seed, values["schedule"], values["runs"], output, values["data_dir"])
            print("  " + "  ".join(f"{name} {value:.4f}" for name, value in summary["metrics"].items()), flush=True)
        print(write_report(output))
    except (ValueError, OSError, RuntimeError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    flags.DEFINE_list("dataset", ["mnist", "fashion_mnist"], "mnist, fashion_mnist, synthetic; several by commas.")
    flags.DEFINE_enum("table", "methods", TABLES, "What to compare: all methods, or A2U's settings.")
    flags.DEFINE_list("upsampling", [], "Instead of a whole table: methods, or pairs such as carafe+conv, by commas.")
    flags.DEFINE_list("seeds", ["0"], "Seeds, separated by commas.")
    flags.DEFINE_enum("schedule", "short", SCHEDULES, f"{SCHEDULES}; the learning rate drops at shares of the epochs.")
    flags.DEFINE_bool("quick", False, f"A small comparison to see it run: {QUICK}. Other flags still count.")
    flags.DEFINE_string("data_dir", None, "As of train.reconstruction.")
    flags.DEFINE_string("runs", "runs/compare", "Folder of the run folders.")
    flags.DEFINE_string("output", None, f"Folder of the JSON files; table and figure lie beside it. Default: {OUTPUTS}")
    app.run(main)
