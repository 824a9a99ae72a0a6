"""The file of demands says what the files of the benchmarks say."""

import json

import pytest

from benchmarks.goals import DEMANDS, FOLDER, MEASURED, Demand, judged


@pytest.mark.parametrize(
    ("measured", "at_most", "met"),
    [(1.2, True, "no"), (1.15, True, "must"), (1.1, True, "goal"), (1.0, False, "no"), (1.2, False, "goal")],
)
def test_demands_are_judged(measured, at_most, met):
    demand = Demand("a ratio", lambda files: measured, 1.15, 1.1 if at_most else 1.2, at_most)
    assert judged(demand, measured)["met"] == met
    assert judged(Demand("a goal alone", demand.read, None, 1.0), 2.0)["met"] == "no"


def test_what_stands_there_was_measured():
    files = {name: json.loads((FOLDER / f"{name}.json").read_text()) for name in MEASURED}
    written = json.loads((FOLDER / "goals.json").read_text())
    assert written["results"] == [judged(demand, demand.read(files)) for demand in DEMANDS]
    assert written["commits"] == {name: files[name]["commit"] for name in MEASURED}
