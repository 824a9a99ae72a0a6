"""How far mattes and cutouts are off, and how their trainings go."""

import csv
import json
import re

import pytest

from tests.numbers.files import DOCS, ROOT, benchmark, page, table_rows
from train.matting_settings import RECIPES


def test_recipe_for_small_machines_is_the_one_in_the_docs():
    small = RECIPES["small"]
    *sizes, largest = small["crop_size"]
    rows = {
        "`--width`": f"{small['width']}",
        "`--crop_size`, `--batch_size`": f"{', '.join(map(str, sizes))} and {largest} in turn; {small['batch_size']}",
        "`--epochs`, `--steps_per_epoch`": f"{small['epochs']}, {small['steps_per_epoch']}: 2,000 megapixels",
        "`--clip_norm`": f"{small['clip_norm']:.0f}",
        "`--schedule`": f"`{small['schedule']}`",
        "`--samples`": f"`{small['samples']}`",
    }
    for name, start in rows.items():
        ((_, cell),) = table_rows("training", name)
        assert cell.startswith(start), name


def test_trainings_start_as_it_stands_there():
    runs = [json.loads(path.read_text()) for path in (ROOT / "results" / "start").glob("A2U_*.json")]
    last = {(run["start"], run["seed"]): run["ratios"][-1] for run in runs}
    average, drawn = ([last[start, seed] for seed in range(10)] for start in ("average", "drawn"))
    sums = {run["seed"]: run["sum"] for run in runs if run["start"] == "drawn"}
    held_up = [last["drawn", seed] for seed, value in sums.items() if value < -1]
    text = " ".join(page("training").split())
    assert max(average) < 0.9
    assert f"the loss is {min(average):.2f} to {max(average):.2f} of the best constant matte's, in all ten" in text
    assert f"as much in five, and {min(held_up):.2f} to {max(held_up):.2f} in the five whose" in text
    assert max(set(drawn) - set(held_up)) < max(average)
    assert len(held_up) == 5


def test_boxes_reach_as_far_as_it_stands_there():
    median = json.loads((ROOT / "results" / "boxes.json").read_text())["median"]
    assert median["network"] > 0.9
    assert f"the overlap with the true matte is {median['network']:.3f} in the median" in " ".join(
        page("command_line").split()
    )


def test_times_of_mattes_are_those_of_the_benchmark():
    results = benchmark("matting_methods")["results"]
    for size in {row["megapixels"] for row in results}:
        two = [row for row in results if row["megapixels"] == size]
        assert [row["method"] for row in two] == ["network", "closed form"]
        cells = [[f"{r['first_seconds']:.1f} s", f"{r['seconds']:.1f} s", f"{r['megabytes']:,} MB"] for r in two]
        assert cells[0] + cells[1] in table_rows("photo", f"{size:g}")


def test_errors_of_mattes_are_those_of_the_results():
    names = {
        "A2U": "A2U up and down",
        "bilinear": "bilinear up, max-pooling",
        "half": "0.5 in the unknown",
        "closed form": "closed-form matting",
        "small": "the small weights",
    }
    rows = []
    for results in ("matting_small", "small_model"):
        with open(ROOT / "results" / results / "alphamatting" / "means.csv", newline="") as file:
            rows += [row for row in csv.DictReader(file) if row["images"] == "all"]
    assert {row["method"] for row in rows} == set(names)
    for row in rows:
        digits = {"sad": 2, "mse": 4, "grad": 2, "conn": 2}
        expected = [f"{float(row[error]):.{n}f}" for error, n in digits.items()]
        assert expected in table_rows("reproduce", names[row["method"]])


@pytest.mark.parametrize(
    ("name", "results"),
    [
        ("compatibility.md", "compatibility.md"),
        ("reliability.md", "reliability.md"),
        ("small_model.md", "small_model/alphamatting/tables.md"),
    ],
)
def test_tables_are_those_of_the_results(name, results):
    table = re.search(r"^\|.*?\n(?=\n|\Z)", (ROOT / "results" / results).read_text(), flags=re.DOTALL | re.MULTILINE)
    assert table[0].count("\n") > 3
    assert table[0] in (DOCS / name).read_text()


def test_colours_of_cutouts_are_those_of_the_benchmark():
    names = {
        "photograph": "the photograph's own",
        "multi-level": "multi-level",
        "undecided": "estimated colours, the matte's",
        "ours": "estimated colours, decided",
    }
    for row in benchmark("cutout_colours")["results"]:
        mattes = "true", "band 20", "band 40"
        cells = [f"{100 * row[matte]['seen']:.1f} %, {100 * row[matte]['rim']:.1f} %" for matte in mattes]
        assert table_rows("command_line", names[row["side"]]) == [cells]
