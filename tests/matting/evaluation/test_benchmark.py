"""The benchmark's file: its schema, and what it must show."""

import json
from pathlib import Path

import pytest

RECORD = json.loads((Path(__file__).parents[3] / "benchmarks" / "evaluation.json").read_text())


def test_record_describes_its_run():
    assert set(RECORD) == {"commit", "versions", "device", "load_average", "rounds", "size", "results"}
    assert RECORD["size"] == [1080, 1920]
    assert {"numpy", "opencv-python-headless", "scikit-image", "scipy"} <= set(RECORD["versions"])
    assert set(RECORD["device"]) == {"processor", "cores", "machine"}


def test_rows():
    found = []
    for row in RECORD["results"]:
        assert set(row) == {"case", "unknown", "error", "side", "median_ms", "spread_ms", "ratio"}
        low, high = row["spread_ms"]
        assert 0 < low <= row["median_ms"] <= high
        assert row["side"] == "plain" or row["ratio"] == 1
        found.append((row["case"], row["error"], row["side"]))
    cases, errors, sides = ("narrow band", "hair", "pieces"), ("grad", "conn", "all four"), ("ours", "plain")
    assert found == [(case, error, side) for case in cases for error in errors for side in sides]


@pytest.mark.parametrize("case", ["narrow band", "hair"])
def test_ours_is_five_times_faster_on_one_object(case):
    ratios = {row["error"]: row["ratio"] for row in RECORD["results"] if row["case"] == case and row["side"] == "plain"}
    assert ratios["grad"] >= 5
    assert ratios["conn"] >= 5
