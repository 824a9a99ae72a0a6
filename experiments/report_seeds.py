"""Errors on a test set over the seeds of each method: means with the sample standard deviation.

    a2u evaluate --predictions 'A2U seed 0=MATTES' --predictions 'A2U seed 1=MATTES' --output results/NAME/photographs \
        --layout alphamatting --data-dir DATA
    python -m experiments.report_seeds results/NAME/photographs          # writes photographs.md beside the folder

Methods named `NAME seed N` are runs of one; all others are shown as they are.
"""

import csv
import re
from pathlib import Path

from absl import app

from a2u_program.streams import forgiving_streams
from a2u_tf.files import markdown_table, write_text
from a2u_tf.matting.evaluation.test_set import DIGITS, NOTE, TITLES
from experiments.report_comparison import spread

SEED = re.compile(r"(.+) seed \d+")


def read_means(folder: Path | str) -> dict[tuple[str, str], list[dict[str, float]]]:
    """Return the mean errors of each seed by images and method, of the means.csv that `a2u evaluate` wrote."""
    groups: dict[tuple[str, str], list[dict[str, float]]] = {}
    with open(Path(folder) / "means.csv", newline="") as file:
        for row in csv.DictReader(file):
            of_seed = SEED.fullmatch(row["method"])
            method = of_seed[1] if of_seed else row["method"]
            groups.setdefault((row["images"], method), []).append({error: float(row[error]) for error in DIGITS})
    return groups


def write_report(folder: Path | str) -> str:
    """Write the table FOLDER.md, and return its text."""
    rows = [
        [
            images,
            method,
            *(spread([seed[error] for seed in seeds], digits) for error, digits in DIGITS.items()),
            str(len(seeds)),
        ]
        for (images, method), seeds in read_means(folder).items()
    ]
    titles = ["images", "method", *TITLES.values(), "seeds"]
    table = markdown_table([titles, *rows], [False, False, *(True for _ in DIGITS), True])
    text = f"# Errors over seeds\n\n{NOTE}\n\n{table}\n\nMade by `python -m experiments.report_seeds`.\n"
    write_text(Path(folder).with_suffix(".md"), text)
    return text


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) != 2:
        raise app.UsageError("Give the folder that a2u evaluate wrote.")
    try:
        print(write_report(argv[1]))
    except OSError as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    app.run(main)
