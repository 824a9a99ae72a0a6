"""The README's snippet runs as it stands, and its figures are those of the files they come from."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from a2u_tf.layers import GUIDED, UPSAMPLERS
from experiments.compare import METHODS
from experiments.report_comparison import read_runs, write_report

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.network
def test_snippets_run():
    names = {}
    for snippet in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL):
        exec(compile(snippet, "README.md", "exec"), names)
    assert {names["carafe"].scale, names["fade"].scale} == {2}
    history = names["unet"].history.history
    assert len(history["loss"]) == 1
    assert 0 < history["loss"][0] < 1
    assert names["unet"].predict(names["pictures"], verbose=0).shape == (8, 33, 33, 1)


def test_snippet_is_short():
    snippet, *_ = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    body = [line for line in snippet.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(body) <= 10


def table_rows(first_cell):
    """The cells of the README's table rows whose first cell starts so."""
    rows = [line.strip("|").split("|") for line in README.splitlines() if line.startswith("|")]
    return [[cell.strip(" *") for cell in row[1:]] for row in rows if row[0].strip().startswith(first_cell)]


def test_speeds_are_those_of_the_benchmarks():
    measured = json.loads((ROOT / "benchmarks" / "compiled_op.json").read_text())
    for case in {row["case"] for row in measured["times"]}:
        ratios = {(row["pass"], row["side"]): row["ratio"] for row in measured["times"] if row["case"] == case}
        columns = [(p, s) for p in ("forward", "forward + backward") for s in ("composite", "composite, XLA")]
        way, kernel, shape = re.fullmatch(r"(.*), (K=\d), (\(.*\))", case).groups()
        (row,) = table_rows(f"{shape.replace(',', ', ')}, {way}, {kernel}")
        np.testing.assert_allclose([float(cell) for cell in row], [ratios[c] for c in columns], atol=0.051)
    names = {"compiled": "compiled op", "composite": "composite", "composite, XLA": "composite with XLA"}
    for step in json.loads((ROOT / "benchmarks" / "training_step.json").read_text())["results"]:
        if step["side"] in names:
            expected = [f"{step['ratio']:.2f}", f"{step['first_step_s']:.0f} s"]
            assert expected in table_rows(names[step["side"]])


def test_matting_speeds_are_those_of_the_benchmark():
    names = {
        "bilinear and max-pooling": "bilinear upsampling and max-pooling",
        "A2U dynamic cs, compiled": "A2U, compiled",
        "A2U dynamic cs, composite": "A2U, composite",
    }
    measured = json.loads((ROOT / "benchmarks" / "matting_inference.json").read_text())
    assert measured["size"] == 512
    for row in measured["results"]:
        assert table_rows(names[row["side"]]) == [[f"{row['ratio']:.2f}", f"{row['peak_mb']:,} MB"]]


def test_every_method_is_named():
    assert all(f"`{name}`" in README for name in UPSAMPLERS)


def test_costs_are_those_of_the_results():
    rows = json.loads((ROOT / "results" / "cost.json").read_text())["operators"]
    methods = ("a2u, dynamic cs", "carafe", "sapa_b", "fade", "indexnet_m2o")
    macs = [f"{(rows[name]['kernel_macs'] + rows[name]['resampling_macs']) / 1e9:.2f}" for name in methods]
    expected = "takes {} G multiply-accumulates, CARAFE {}, SAPA-B {}, FADE {} and IndexNet {}:".format(*macs)
    assert expected in " ".join(README.split())


def test_methods_are_as_they_were_compared():
    runs = read_runs(ROOT / "results" / "reconstruction")
    rows = json.loads((ROOT / "benchmarks" / "upsamplers.json").read_text())["results"]
    steps = {row["side"]: row["ratio"] for row in rows}
    shown = {method: row for method in METHODS for row in table_rows(f"`{method}`")}
    assert shown.keys() == METHODS.keys() == steps.keys()
    for method, row in shown.items():
        expected = []
        for dataset in ("mnist", "fashion_mnist"):
            (run,) = runs["short", dataset][method]
            expected += [f"{run['metrics']['psnr']:.2f}", f"{run['metrics']['ssim']:.3f}"]
        expected += [f"{run['parameters']:,}", f"{run['macs'] / 1e6:.1f}", f"{steps[method]:.2f}"]
        assert row == expected, method
    assert (run["settings"]["epochs"], run["train_pictures"]) == (3, 20_000)
    a2u = [name for name in METHODS if name.startswith("a2u")]
    for dataset in ("mnist", "fashion_mnist"):
        psnr = {name: run["metrics"]["psnr"] for name, (run,) in runs["short", dataset].items()}
        assert max(psnr[name] for name in a2u) < psnr["bilinear"]  # "all six variants are behind"
        assert min(psnr[name] for name in a2u) > max(psnr["transposed_conv"], psnr["pixel_shuffle"])  # the changelog
    most = max(steps[name] for name in a2u)
    assert all(steps[name] > most for name in set(GUIDED) - {"a2u", "max_unpool"})  # "the cheapest of the guided"


def test_comparison_is_that_of_the_runs(tmp_path):
    """The committed table is what the command makes of the committed files."""
    pytest.importorskip("matplotlib", reason="the figure needs matplotlib: pip install 'a2u_tf[plots]'")
    folder = tmp_path / "reconstruction"
    shutil.copytree(ROOT / "results" / "reconstruction", folder)
    assert write_report(folder) == (ROOT / "results" / "reconstruction.md").read_text()


def test_speeds_of_the_matting_data_are_those_of_the_benchmark():
    measured = json.loads((ROOT / "benchmarks" / "matting_data.json").read_text())
    (full,) = (r for r in measured["beside"]["results"] if r["width"] == 1 and r["side"] == "training_batches")
    (small,) = (r for r in measured["beside"]["results"] if r["width"] == 0.25 and r["side"] == "training_batches")
    (alone,) = (r for r in measured["alone"]["results"] if (r["workers"], r["opencv_threads"]) == (2, 1))
    text = " ".join(README.split())
    assert measured["beside"]["crop_size"] == measured["alone"]["crop_size"] == 512
    assert f"a step takes {full['ratio']:.2f} times as long" in text
    assert f"waits {full['median_wait_ms']:.0f} ms for its batch" in text
    share = full["median_step_ms"] / small["median_step_ms"]
    assert f"a step is {share:.0f} times as short, it is {small['ratio']:.2f} times" in text
    assert f"the data make {alone['samples_per_second']:.1f} samples a second" in text


def test_speeds_of_the_evaluation_are_those_of_the_benchmark():
    rows = json.loads((ROOT / "benchmarks" / "evaluation.json").read_text())["results"]
    ratios = {(row["case"], row["error"]): row["ratio"] for row in rows if row["side"] == "plain"}
    text = " ".join(README.split())
    assert f"{ratios['narrow band', 'all four']:.0f} times as fast as by a plain implementation" in text
    assert f"{ratios['hair', 'all four']:.0f} times with hair" in text
    assert {round(ratios["pieces", error]) for error in ("grad", "conn")} == {3}
    assert "Grad and Conn are only 3 times as fast as the plain implementation" in text


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
        assert expected in table_rows(names[row["method"]])
