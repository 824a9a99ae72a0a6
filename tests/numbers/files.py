"""The figures of the benchmarks, and the pages that name them."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def benchmark(name):
    return json.loads((ROOT / "benchmarks" / f"{name}.json").read_text())


def page(name):
    return " ".join((DOCS / f"{name}.md").read_text().split())


def table_rows(name, first_cell):
    lines = (DOCS / f"{name}.md").read_text().splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip(" *") for cell in row[1:]] for row in rows if row[0].strip().startswith(first_cell)]
