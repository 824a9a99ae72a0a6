"""Make a table, and a JSON file of what it was made from, out of finished run folders.

python -m experiments.tabulate --output=results/NAME runs/A runs/B      # writes NAME.md and NAME.json
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.files import markdown_table, write_json, write_text
from a2u_tf.layers import Resampling
from train.reconstruction import A2U_SETTINGS

COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "PSNR (dB)": lambda summary: f"{summary['metrics']['psnr']:.2f}",
    "SSIM": lambda summary: f"{summary['metrics']['ssim']:.4f}",
    "MAE": lambda summary: f"{summary['metrics']['mae']:.4f}",
    "RMSE": lambda summary: f"{summary['metrics']['rmse']:.4f}",
    "parameters": lambda summary: f"{summary['parameters']:,}",
}


def format_table(summaries: Sequence[dict[str, Any]]) -> str:
    """Format the summaries of runs as a Markdown table; settings in which they differ have columns of their own."""
    runs = [summary["settings"] for summary in summaries]
    values = {name: {_text(run, name) for run in runs} - {""} for name in runs[0] if "sampling" not in name}
    varied = [name for name, of_runs in values.items() if len(of_runs) > 1]
    header = ["method", *varied, *COLUMNS]
    rows = [
        [
            Resampling.parse(run["upsampling"], run["downsampling"]).name,
            *(_text(run, name) for name in varied),
            *(column(summary) for column in COLUMNS.values()),
        ]
        for run, summary in zip(runs, summaries, strict=True)
    ]
    return markdown_table([header, *rows], [False] + [True] * (len(header) - 1))


def _text(run: dict[str, Any], name: str) -> str:
    """A setting of a run; those of A2U's kernels are nothing to the others."""
    return "" if name in A2U_SETTINGS and "a2u" not in run["upsampling"] + run["downsampling"] else str(run.get(name))


def read_summaries(folders: Iterable[Path | str]) -> list[dict[str, Any]]:
    """Return the summary of each run folder.

    Raises:
        FileNotFoundError: With all the folders that have none.
    """
    paths = [Path(folder) / "summary.json" for folder in folders]
    if missing := [str(path.parent) for path in paths if not path.exists()]:
        raise FileNotFoundError(f"no summary.json in {missing}: finish these runs first, with the flags they have.")
    return [json.loads(path.read_text()) for path in paths]


@forgiving_streams()
def main(argv: list[str]) -> None:
    if not flags.FLAGS.output or len(argv) < 2:
        raise app.UsageError("Give --output and at least one run folder.")
    try:
        summaries = read_summaries(argv[1:])
    except FileNotFoundError as error:
        raise SystemExit(f"error: {error}") from error
    table = format_table(summaries)
    commands = "\n".join(f"    {summary['command']}" for summary in summaries)
    datasets = " and ".join(dict.fromkeys(summary["settings"]["dataset"] for summary in summaries))
    output = Path(flags.FLAGS.output)
    write_json(output.with_suffix(".json"), summaries)
    write_text(
        output.with_suffix(".md"),
        f"# Reconstruction of {datasets}\n\nOn the test set of {summaries[0]['test_pictures']:,} pictures.\n\n"
        f"{table}\n\nMade by\n\n{commands}\n",
    )
    print(table)


if __name__ == "__main__":
    flags.DEFINE_string("output", None, "Path without ending of the .md and .json files to write.")
    app.run(main)
