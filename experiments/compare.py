"""Train the digit-reconstruction network with every upsampling method, and set the methods side by side.

    python -m experiments.compare --quick                     # synthetic digits, minutes, no download
    python -m experiments.compare --dataset=mnist --upsampling=carafe,a2u_dynamic_cs --seeds=0,1,2
    python -m experiments.compare --schedule=full                                 # the paper's recipe, for a GPU

Each run is a process of its own, `python -m train.reconstruction`, in a run folder of its own, and goes on where it was
killed. KERAS_BACKEND=jax trains on JAX. Each finished run leaves one JSON file in the output folder and is not repeated
while that is there, so that several machines can share the work. `experiments.report_comparison` makes the table and
the figure from those: by default results/reconstruction.md and results/reconstruction.png.

Reference: Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021, supplementary A.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.complexity import network_cost
from a2u_tf.files import write_json
from a2u_tf.layers import METHODS, Resampling
from a2u_tf.reconstruction import reconstruction_net
from experiments.recorded import recorded_settings
from experiments.report_comparison import write_report

# The shortened ones take smaller batches at a higher rate, or their few steps would teach the network little.
SCHEDULES: dict[str, dict[str, float]] = {
    "full": {"epochs": 100, "batch_size": 100, "learning_rate": 0.01},
    "short": {"epochs": 3, "limit_train": 20_000, "batch_size": 20, "learning_rate": 0.1},
    "quick": {"epochs": 2, "limit_train": 1_000, "batch_size": 20, "learning_rate": 0.1},
}
QUICK: dict[str, Any] = {
    "dataset": ["synthetic"],
    "upsampling": ["bilinear", "carafe", "a2u_dynamic_cs"],
    "schedule": "quick",
}


def train(
    dataset: str,
    method: str,
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
    settings = {"dataset": dataset, "upsampling": method, **SCHEDULES[schedule], "seed": seed}
    name = f"{schedule}_{dataset}_{method}_seed_{seed}"
    folder, path = Path(runs) / name, Path(output) / f"{name}.json"
    if path.exists():
        finished: dict[str, Any] = json.loads(path.read_text())
        if settings.items() <= recorded_settings(finished).items():
            return finished
    backbone, operators = network_cost(reconstruction_net(Resampling.parse(method)))
    words = [f"--{name}={value}" for name, value in settings.items()]
    words += [f"--run_dir={folder}", "--notensorboard", *([f"--data_dir={data_dir}"] if data_dir else [])]
    command = [sys.executable, "-m", "train.reconstruction", *words]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if run.returncode:
        raise RuntimeError(f"{dataset} {method} seed {seed} failed: {' '.join(command)}\n{run.stdout[-2000:]}")
    names = {"method": method, "schedule": schedule, "macs": backbone + operators.macs}
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
    output = Path(flags.FLAGS.output)
    jobs = [(d, m, int(s)) for s in values["seeds"] for d in values["dataset"] for m in values["upsampling"]]
    try:
        if unknown := set(values["upsampling"]) - set(METHODS):
            raise ValueError(f"--upsampling takes {', '.join(METHODS)}. Received: {', '.join(sorted(unknown))}")
        for number, (dataset, method, seed) in enumerate(jobs, 1):
            print(f"{number} of {len(jobs)}: {dataset}, {method}, seed {seed}", flush=True)
            summary = train(dataset, method, seed, values["schedule"], values["runs"], output, values["data_dir"])
            print("  " + "  ".join(f"{name} {value:.4f}" for name, value in summary["metrics"].items()), flush=True)
        print(write_report(output))
    except (ValueError, OSError, RuntimeError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    flags.DEFINE_list("dataset", ["mnist", "fashion_mnist"], "mnist, fashion_mnist, synthetic; several by commas.")
    flags.DEFINE_list("upsampling", list(METHODS), "Methods, separated by commas.")
    flags.DEFINE_list("seeds", ["0"], "Seeds, separated by commas.")
    flags.DEFINE_enum("schedule", "short", SCHEDULES, f"{SCHEDULES}; the learning rate drops at shares of the epochs.")
    flags.DEFINE_bool("quick", False, f"A small comparison to see it run: {QUICK}. Other flags still count.")
    flags.DEFINE_string("data_dir", None, "As of train.reconstruction.")
    flags.DEFINE_string("runs", "runs/compare", "Folder of the run folders.")
    flags.DEFINE_string("output", "results/reconstruction", "Folder of the JSON files; table and figure lie beside it.")
    app.run(main)
