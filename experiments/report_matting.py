"""Set finished runs of `train.matting` side by side: a table, their curves, and mattes of their validation pictures.

    python -m experiments.report_matting --run=A2U=runs/A --run=bilinear=runs/B --output=results/NAME

Writes runs.md, runs.json, curves.png and mattes.png. Curves need matplotlib: pip install 'a2u_tf[plots]'.
"""

import csv
import importlib.util
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags

from a2u_program.arguments import parse_named_folders
from a2u_program.streams import forgiving_streams
from a2u_tf.files import replaced, write_json, write_png, write_text
from a2u_tf.matting.evaluation import ValidationPicture, error_table, matting_grid
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights.loading import load_matting
from experiments.tabulate import read_summaries
from train.matting_settings import SAMPLES
from train.matting_sources import make_validation

CURVES = {
    "loss": "training loss",
    "val_sad": "SAD / 1000",
    "val_mse": "MSE",
    "val_grad": "Grad / 1000",
    "val_conn": "Conn / 1000",
}


def write_table(summaries: Mapping[str, dict[str, Any]], path: Path) -> None:
    """Write the runs' errors on their validation pictures, and the commands that made the runs."""
    rows = [
        {
            "method": name,
            "parameters": summary["parameters"],
            "model": f"{which}, epoch {summary['best_epoch'] if which == 'best' else summary['settings']['epochs']}",
            **summary["metrics"][which],
        }
        for name, summary in summaries.items()
        for which in ("best", "last")
    ]
    pictures = next(iter(summaries.values()))["validation_pictures"]
    commands = "\n".join(f"    {summary['command']}" for summary in summaries.values())
    write_text(
        path,
        f"# Matting networks side by side\n\nMeans over {pictures} validation pictures; SAD, Grad and Conn over "
        f"1000. Lower is better.\n\n{error_table(rows)}\n\n![Curves](curves.png)\n\n![Mattes](mattes.png)\n\n"
        f"Made by\n\n{commands}\n",
    )


def write_curves(histories: Mapping[str, Sequence[Mapping[str, str]]], path: Path) -> None:
    """Plot the columns of `CURVES` over the epochs.

    Args:
        histories: Dict from methods to lists of dicts, the rows of history.csv.
        path: PNG file to write.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 3, figsize=(11, 6), layout="constrained")
    for axis, (column, title) in zip(axes.flat, CURVES.items(), strict=False):
        for name, rows in histories.items():
            axis.plot([int(row["epoch"]) for row in rows], [float(row[column]) for row in rows], marker=".", label=name)
        axis.set(title=title, xlabel="epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
    axes.flat[-1].axis("off")
    axes.flat[-1].legend(*axes.flat[0].get_legend_handles_labels(), loc="center", frameon=False)
    with replaced(path) as temporary:
        figure.savefig(temporary, format="png", dpi=100)
    pyplot.close(figure)


def write_mattes(folders: Mapping[str, str], pictures: Iterable[ValidationPicture], path: Path) -> None:
    """Write a sheet of the pictures with the mattes of each run's best model."""
    models = [load_matting(Path(folder) / "best.keras") for folder in folders.values()]
    rows = []
    for picture in pictures:
        mattes = (predict_alpha(model, picture.image, picture.trimap) for model in models)
        levels = (np.rint(255 * matte).astype(np.uint8) for matte in mattes)
        rows.append((picture.image, picture.trimap, picture.target, *levels))
    write_png(path, matting_grid(rows, tuple(folders)))


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    if importlib.util.find_spec("matplotlib") is None:
        raise SystemExit("error: curves need matplotlib: pip install 'a2u_tf[plots]'")
    output = Path(values.output)
    try:
        folders = parse_named_folders("--run", values.run)
        summaries = dict(zip(folders, read_summaries(folders.values()), strict=True))
        settings = [summary["settings"] for summary in summaries.values()]
        validations = {(s["validation"], max(s["crop_size"]), s["samples"]) for s in settings}
        if len(validations) > 1:
            raise ValueError(f"The runs were validated on different pictures: {sorted(validations)}")
        histories = {}
        for name, folder in folders.items():
            with open(Path(folder) / "history.csv", newline="") as file:
                histories[name] = list(csv.DictReader(file))
        validation, size, samples = validations.pop()
        pictures = list(itertools.islice(make_validation(validation, size, SAMPLES[samples]), values.pictures))
        write_mattes(folders, pictures, output / "mattes.png")
        write_curves(histories, output / "curves.png")
        write_table(summaries, output / "runs.md")
        write_json(
            output / "runs.json", {name: summary | {"history": histories[name]} for name, summary in summaries.items()}
        )
    except (ValueError, OSError, json.JSONDecodeError) as error:
        raise SystemExit(f"error: {error}") from error
    print((output / "runs.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    flags.DEFINE_multi_string("run", [], "NAME=FOLDER of a finished run; once for each.")
    flags.DEFINE_integer("pictures", 8, "Rows of the sheet of mattes.", lower_bound=1)
    flags.DEFINE_string("output", None, "Folder to write to.", required=True)
    app.run(main)
