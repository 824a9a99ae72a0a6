"""Make the table and the figure of a comparison of upsampling methods from the JSON files of its runs.

    python -m experiments.report_comparison results/reconstruction     # writes reconstruction.md and .png beside it

Values are means over the seeds, with the sample standard deviation where there are several. MACs are the
multiply-accumulates of one picture (`a2u_tf.complexity`). The figure needs matplotlib: pip install 'a2u_tf[plots]'.
"""

import importlib.util
import json
import statistics
from pathlib import Path
from typing import Any, TypeAlias

from absl import app

from a2u_program.streams import forgiving_streams
from a2u_tf.files import markdown_table, replaced, write_text

Run: TypeAlias = dict[str, Any]  # the summary of one
Methods: TypeAlias = dict[str, list[Run]]  # by name, one run a seed
# A2U's, which have a column where they vary.
SETTINGS = {
    "kernel_size": "s",
    "encoding_size": "k",
    "normalization": "normalisation",
    "rank": "d",
    "projection_initializer": "start",
}
METRICS = {"psnr": ("PSNR (dB)", 2), "ssim": ("SSIM", 4), "mae": ("MAE", 4), "rmse": ("RMSE", 4)}


def read_runs(folder: Path | str) -> dict[tuple[str, str], Methods]:
    """Return the runs of a folder by comparison and method: `{(schedule, dataset): {method: [summary of a seed]}}`.

    Raises:
        FileNotFoundError: Where the folder has no JSON file.
    """
    paths = sorted(Path(folder).glob("*.json"))
    if not paths:
        raise FileNotFoundError(f"no run in {folder}: make some with python -m experiments.compare --output={folder}")
    comparisons: dict[tuple[str, str], Methods] = {}
    for path in paths:
        run = json.loads(path.read_text())
        methods = comparisons.setdefault((run["schedule"], run["settings"]["dataset"]), {})
        methods.setdefault(run["method"], []).append(run)
    return comparisons


def format_comparison(methods: Methods) -> str:
    """Format the runs of one comparison as a Markdown table, the highest PSNR first."""
    of_a2u = [runs[0]["settings"] for name, runs in methods.items() if name.startswith("a2u")]
    varied = [name for name in SETTINGS if len({settings[name] for settings in of_a2u}) > 1]
    words = ["upsampling", "downsampling", *(SETTINGS[name] for name in varied)]
    numbers = [*(title for title, _ in METRICS.values()), "parameters", "MACs (M)", "seeds"]
    rows = []
    for method in sorted(methods, key=lambda name: -_mean(methods[name], "psnr")):
        runs = methods[method]
        settings = runs[0]["settings"]
        own = [str(settings[name]) if method.startswith("a2u") else "" for name in varied]
        choice = [settings["upsampling"], settings["downsampling"], *own]
        values = [spread([run["metrics"][name] for run in runs], digits) for name, (_, digits) in METRICS.items()]
        costs = [f"{runs[0]['parameters']:,}", f"{runs[0]['macs'] / 1e6:.1f}"]
        rows.append([*choice, *values, *costs, str(len(runs))])
    return markdown_table([[*words, *numbers], *rows], [False] * len(words) + [True] * len(numbers))


def describe(methods: Methods) -> str:
    """Say how the runs of one comparison were trained."""
    run = next(iter(methods.values()))[0]
    settings = run["settings"]
    curves = [run["psnr_by_epoch"] for runs in methods.values() for run in runs]
    last = max((abs(curve[-1] - curve[-2]) for curve in curves if len(curve) > 1), default=float("nan"))
    optimizer = "Adam" if settings["optimizer"] == "adam" else f"SGD with momentum {settings['momentum']}"
    backends = sorted({run["versions"]["backend"] for runs in methods.values() for run in runs})
    return (
        f"{settings['epochs']} epochs of {run['train_pictures']:,} pictures in batches of {settings['batch_size']}, "
        f"{optimizer} at {settings['learning_rate']}, l1 loss; tested on "
        f"{run['test_pictures']:,} pictures. The last epoch changed no PSNR by more than {last:.2f} dB. Keras on "
        f"{' and '.join(backends)}."
    )


def draw(comparisons: dict[tuple[str, str], Methods], path: Path) -> None:
    """Draw the PSNR of every run as a point, one panel for each comparison, and write the PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    most = max(len(methods) for methods in comparisons.values())
    longest = max(len(name) for methods in comparisons.values() for name in methods)
    figure, axes = pyplot.subplots(
        1,
        len(comparisons),
        figsize=((3.5 + 0.08 * longest) * len(comparisons), 1.2 + 0.28 * most),
        squeeze=False,
        layout="constrained",
    )
    for axis, ((schedule, dataset), methods) in zip(axes[0], comparisons.items(), strict=True):
        names = sorted(methods, key=lambda name: _mean(methods[name], "psnr"))
        top = most - len(names)
        for row, name in enumerate(names, top):
            values = [run["metrics"]["psnr"] for run in methods[name]]
            axis.plot(values, [row] * len(values), "o", color="C1" if name.startswith("a2u") else "C0", alpha=0.7)
        axis.set(title=f"{dataset}, {schedule} schedule", xlabel="PSNR (dB)")
        axis.set_yticks(range(top, most), names)
        axis.set_ylim(-1, most)
        axis.grid(alpha=0.3)
    with replaced(path) as temporary:
        figure.savefig(temporary, format="png", dpi=100)
    pyplot.close(figure)


def write_report(folder: Path | str) -> str:
    """Write the table FOLDER.md and, where matplotlib is installed, the figure FOLDER.png; returns the table's text.

    Raises:
        FileNotFoundError: Where the folder holds no run.
    """
    folder = Path(folder)
    comparisons = dict(sorted(read_runs(folder).items(), key=lambda item: -len(item[1])))  # the largest first
    parts = ["# Upsampling methods on digit reconstruction"]
    if importlib.util.find_spec("matplotlib"):
        draw(comparisons, folder.parent / f"{folder.name}.png")
        parts.append(f"![PSNR by method; A2U in the second colour]({folder.name}.png)")
    else:
        print("No figure: it needs matplotlib: pip install 'a2u_tf[plots]'")
    for (schedule, dataset), methods in comparisons.items():
        parts += [f"## {dataset}, {schedule} schedule", describe(methods), format_comparison(methods)]
    parts.append("MACs are those of one picture.")
    parts.append(
        "Made by `python -m experiments.compare`; each run's JSON file in "
        f"`{folder.name}/` names its command and versions."
    )
    text = "\n\n".join(parts) + "\n"
    write_text(folder.parent / f"{folder.name}.md", text)
    return text


def _mean(runs: list[Run], metric: str) -> float:
    return statistics.fmean(run["metrics"][metric] for run in runs)


def spread(values: list[float], digits: int) -> str:
    """Format the mean over seeds, with the sample standard deviation where there are several."""
    mean = f"{statistics.fmean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.{digits}f}"


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
