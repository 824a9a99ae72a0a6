"""Errors on a test set over seeds: means with the sample standard deviation.

    a2u evaluate --predictions A2U=MATTES --predictions bilinear=MATTES --output results/NAME/seed_0 ...
    python -m experiments.report_seeds results/NAME          # writes NAME.md beside the folder

The folder holds one of `a2u evaluate` for each seed. A method that is in several of them was trained as often.
"""

import csv
from pathlib import Path

from absl import app

from a2u_program.streams import forgiving_streams
from a2u_tf.files import markdown_table, write_text
from a2u_tf.matting.evaluation.test_set import DIGITS, NOTE, TITLES
from experiments.report_comparison import spread


def read_means(folder: Path | str) -> dict[tuple[str, str], list[dict[str, float]]]:
    """Return the mean errors of each seed by images and method.

    Raises:
        FileNotFoundError: Where the folder holds no evaluation.
    """
    paths = sorted(Path(folder).glob("*/means.csv"))
    if not paths:
        raise FileNotFoundError(f"no evaluation in {folder}: make some with a2u evaluate --output {folder}/seed_0")
    groups: dict[tuple[str, str], list[dict[str, float]]] = {}
    for path in paths:
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                errors = {error: float(row[error]) for error in DIGITS}
                groups.setdefault((row["images"], row["method"]), []).append(errors)
    return groups


def write_report(folder: Path | str) -> str:
    """Write the table FOLDER.md, and return its text."""
    rows = []
    for (images, method), seeds in read_means(folder).items():
        errors = [spread([seed[error] for seed in seeds], digits) for error, digits in DIGITS.items()]
        rows.append([images, method, *errors, str(len(seeds))])
    titles = ["images", "method", *TITLES.values(), "seeds"]
    table = markdown_table([titles, *rows], [False, False, *(True for _ in DIGITS), True])
    text = f"# Errors over seeds\n\n{NOTE}\n\n{table}\n\nMade by `python -m experiments.report_seeds`.\n"
    write_text(Path(folder).with_suffix(".md"), text)
    return text


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) != 2:
        raise app.UsageError("Give the folder of the evaluations.")
    try:
        print(write_report(argv[1]))
    except OSError as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    app.run(main)
