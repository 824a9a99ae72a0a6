"""Set finished runs of `train.matting` side by side: a table, their curves, and mattes of their validation pictures.

    python -m experiments.report_matting --run=A2U=runs/A --run=bilinear=runs/B --output=results/NAME

Runs of one name are seeds of one method: values are then means, with the sample standard deviation. Writes runs.md,
runs.json, curves.png and mattes.png, which has the first run of each name. Curves need matplotlib:
pip install 'a2u_tf[plots]'.
"""

import csv
import importlib.util
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from absl import app, flags

from a2u_program.arguments import parse_named_folders
from a2u_program.streams import forgiving_streams
from a2u_tf.files import markdown_table, replaced, write_json, write_png, write_text
from a2u_tf.matting.evaluation import ValidationPicture, matting_grid
from a2u_tf.matting.evaluation.test_set import DIGITS, TITLES
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights.loading import load_matting
from experiments.report_comparison import spread
from experiments.tabulate import read_summaries
from train.matting_settings import SAMPLES
from train.matting_sources import make_validation

Run: TypeAlias = dict[str, Any]  # the summary of one, with its curves and where it lies
CURVES = {
    "loss": "training loss",
    "val_sad": "SAD / 1000",
    "val_mse": "MSE",
    "val_grad": "Grad / 1000",
    "val_conn": "Conn / 1000",
}


def read_methods(words: Iterable[str]) -> dict[str, list[Run]]:
    """Return the summaries of runs by their names, with the rows of history.csv and the folder, of `NAME=FOLDER`.

    Raises:
        ValueError: For other words, for none, and for runs that were validated on different pictures.
        FileNotFoundError: For a run that is not finished.
    """
    named = [pair for word in words for pair in parse_named_folders("--run", [word]).items()]
    if not named:
        raise ValueError("Give --run NAME=FOLDER, once for each run.")
    methods: dict[str, list[Run]] = {}
    validations = set()
    for (name, folder), summary in zip(named, read_summaries(folder for _, folder in named), strict=True):
        with open(Path(folder) / "history.csv", newline="") as file:
            methods.setdefault(name, []).append(summary | {"history": list(csv.DictReader(file)), "folder": folder})
        validations.add(_validation(summary))
    if len(validations) > 1:
        raise ValueError(f"The runs were validated on different pictures: {sorted(validations)}")
    return methods


def _validation(run: Run) -> tuple[str, int, str]:
    """What `make_validation` needs to know."""
    settings = run["settings"]
    return settings["validation"], max(settings["crop_size"]), settings["samples"]


def write_table(methods: Mapping[str, Sequence[Run]], path: Path) -> None:
    """Write the runs' errors on their validation pictures, and the commands that made the runs."""
    rows = []
    for name, runs in methods.items():
        for which in ("best", "last"):
            errors = [run["metrics"][which] for run in runs]
            epochs = {run["best_epoch"] if which == "best" else run["settings"]["epochs"] for run in runs}
            model = f"{which}, epoch {', '.join(map(str, sorted(epochs)))}"
            values = [spread([e[error] for e in errors], digits) for error, digits in DIGITS.items()]
            rows.append([name, f"{runs[0]['parameters']:,}", model, *values, str(len(runs))])
    titles = ["method", "parameters", "model", *TITLES.values(), "seeds"]
    table = markdown_table([titles, *rows], [False, True, False, *(True for _ in DIGITS), True])
    run, *_ = itertools.chain(*methods.values())
    commands = "\n".join(f"    {run['command']}" for run in itertools.chain(*methods.values()))
    write_text(
        path,
        f"# Matting networks side by side\n\nMeans over {run['validation_pictures']} validation pictures; SAD, Grad "
        f"and Conn over 1000. Lower is better.\n\n{table}\n\n![Curves](curves.png)\n\n![Mattes](mattes.png)\n\n"
        f"Made by\n\n{commands}\n",
    )


def write_curves(methods: Mapping[str, Sequence[Run]], path: Path) -> None:
    """Plot the columns of `CURVES` over the epochs, the runs of one name in one colour."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 3, figsize=(11, 6), layout="constrained")
    for axis, (column, title) in zip(axes.flat, CURVES.items(), strict=False):
        for number, (name, runs) in enumerate(methods.items()):
            for run in runs:
                points = [(int(row["epoch"]), float(row[column])) for row in run["history"]]
                axis.plot(*zip(*points, strict=True), f"C{number}.-", label=name if run is runs[0] else None)
        axis.set(title=title, xlabel="epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
    axes.flat[-1].axis("off")
    axes.flat[-1].legend(*axes.flat[0].get_legend_handles_labels(), loc="center", frameon=False)
    with replaced(path) as temporary:
        figure.savefig(temporary, format="png", dpi=100)
    pyplot.close(figure)


def write_mattes(methods: Mapping[str, Sequence[Run]], pictures: Iterable[ValidationPicture], path: Path) -> None:
    """Write a sheet of the pictures with the mattes by the best model of each method's first run."""
    models = [load_matting(Path(runs[0]["folder"]) / "best.keras") for runs in methods.values()]
    rows = []
    for picture in pictures:
        mattes = (predict_alpha(model, picture.image, picture.trimap) for model in models)
        levels = (np.rint(255 * matte).astype(np.uint8) for matte in mattes)
        rows.append((picture.image, picture.trimap, picture.target, *levels))
    write_png(path, matting_grid(rows, tuple(methods)))


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    if importlib.util.find_spec("matplotlib") is None:
        raise SystemExit("error: curves need matplotlib: pip install 'a2u_tf[plots]'")
    output = Path(values.output)
    try:
        methods = read_methods(values.run)
        validation, size, samples = _validation(next(iter(methods.values()))[0])
        pictures = list(itertools.islice(make_validation(validation, size, SAMPLES[samples]), values.pictures))
        write_mattes(methods, pictures, output / "mattes.png")
        write_curves(methods, output / "curves.png")
        write_table(methods, output / "runs.md")
        for run in itertools.chain(*methods.values()):
            del run["folder"]  # of this machine
        write_json(output / "runs.json", methods)
    except (ValueError, OSError, json.JSONDecodeError) as error:
        raise SystemExit(f"error: {error}") from error
    print((output / "runs.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    flags.DEFINE_multi_string("run", [], "NAME=FOLDER of a finished run; once for each.")
    flags.DEFINE_integer("pictures", 8, "Rows of the sheet of mattes.", lower_bound=1)
    flags.DEFINE_string("output", None, "Folder to write to.", required=True)
    app.run(main)
