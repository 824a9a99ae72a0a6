"""Make the tables of the networks of examples/thin_structures.py from the JSON files of its runs.

    python -m experiments.report_thin_structures results/thin_structures     # writes thin_structures.md beside it

Values are means over the seeds, with the sample standard deviation where there are several. MACs are the
multiply-accumulates of one picture.
"""

import json
import statistics
from pathlib import Path
from typing import Any, TypeAlias

from absl import app

from a2u_program.streams import forgiving_streams
from a2u_tf.files import markdown_table, write_text

Runs: TypeAlias = dict[str, list[dict[str, Any]]]  # by method, one a seed
METRICS = {"iou": "IoU (%)", "boundary_iou": "boundary IoU (%)"}
OPTIONS = ("kernel_size", "encoding_size", "rank", "normalization", "projection_initializer")
DECODERS = {4: "With skips", 0: "Without skips"}  # by the number of skips


def method_name(settings: dict[str, Any]) -> str:
    """Return the method of a run with what was set of it: `a2u, kernel_size=1`."""
    chosen = [f"{name}={settings[name]}" for name in OPTIONS if name in settings]
    return ", ".join([settings["upsampling"], *chosen])


def read_runs(folder: Path | str) -> dict[int, Runs]:
    """Return the runs of a folder by the number of skips and by method.

    Raises:
        FileNotFoundError: Where there are none.
        ValueError: For runs that differ in more than method, skips and seed, and for other skips than all or none.
    """
    decoders: dict[int, Runs] = {skips: {} for skips in DECODERS}
    trainings = set()
    for path in sorted(Path(folder).glob("*.json")):
        run = json.loads(path.read_text())
        settings = run["settings"]
        if settings["skips"] not in DECODERS:
            raise ValueError(f"Expected runs with skips of {list(DECODERS)}. Received: {settings['skips']} in {path}")
        decoders[settings["skips"]].setdefault(method_name(settings), []).append(run)
        trainings.add(tuple(settings[name] for name in ("epochs", "pictures", "learning_rate")))
    if not trainings:
        raise FileNotFoundError(f"no run in {folder}: python -m examples.thin_structures --output={folder}")
    if len(trainings) > 1:
        raise ValueError(f"Expected the same epochs, pictures and learning rate. Received: {sorted(trainings)}")
    return decoders


def table(runs: Runs) -> str:
    """Return a Markdown table, the highest boundary IoU first; the last column is by what to choose settings."""
    rows = []
    for method in sorted(runs, key=lambda name: -mean(runs[name], "test", "boundary_iou")):
        first = runs[method][0]
        values = [spread(runs[method], "test", metric) for metric in METRICS]
        costs = [f"{first['parameters']:,}", f"{first['macs'] / 1e6:.1f}", str(len(runs[method]))]
        rows.append([method, *values, *costs, spread(runs[method], "validation", "boundary_iou")])
    header = ["method", *METRICS.values(), "parameters", "MACs (M)", "seeds", "validation: boundary IoU (%)"]
    return markdown_table([header, *rows], [False] + [True] * (len(header) - 1))


def mean(runs: list[dict[str, Any]], part: str, metric: str) -> float:
    return statistics.fmean(run["metrics"][part][metric] for run in runs)


def spread(runs: list[dict[str, Any]], part: str, metric: str) -> str:
    """Return the mean in percent, with the deviation where there are several runs."""
    values = [100 * run["metrics"][part][metric] for run in runs]
    deviation = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.1f}{deviation}"


def write_report(folder: Path | str) -> str:
    """Write FOLDER.md and return its text."""
    folder = Path(folder)
    decoders = {skips: runs for skips, runs in read_runs(folder).items() if runs}
    settings = next(iter(next(iter(decoders.values())).values()))[0]["settings"]
    parts = [
        "# Upsampling methods on thin structures",
        f"{settings['epochs']} epochs of {settings['pictures']:,} drawn pictures by Adam, from a learning rate of "
        f"{settings['learning_rate']} on. Means over strands, leaves and nets, on the test pictures but for the last "
        "column.",
    ]
    for skips, runs in decoders.items():
        parts += [f"## {DECODERS[skips]}", table(runs)]
    parts.append(f"Made by `python -m examples.thin_structures`; the files in `{folder.name}/` name their commands.")
    text = "\n\n".join(parts) + "\n"
    write_text(folder.parent / f"{folder.name}.md", text)
    return text


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) != 2:
        raise app.UsageError("Give the folder of the JSON files.")
    try:
        print(write_report(argv[1]))
    except (OSError, ValueError, KeyError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    app.run(main)
