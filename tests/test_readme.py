"""The README's snippet runs as it stands, and its figures are those of the files they come from."""

import csv
import json
import re
from pathlib import Path

import numpy as np

from a2u_tf.layers import GUIDED, UPSAMPLERS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


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


def test_metrics_are_those_of_the_results():
    names = {
        "bilinear": "bilinear up, strided",
        "dynamic": "A2U up and down, dynamic cs",
        "static": "A2U up and down, static cw",
    }
    for summary in json.loads((ROOT / "results" / "mnist_2_epochs.json").read_text()):
        settings, metrics = summary["settings"], summary["metrics"]
        method = settings["variant"] if settings["upsampling"] == "a2u" else settings["upsampling"]
        expected = [f"{metrics['psnr']:.2f}", *(f"{metrics[name]:.4f}" for name in ("ssim", "mae", "rmse"))]
        assert table_rows(names[method]) == [expected]


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


def test_steps_of_the_methods_are_those_of_the_benchmark():
    rows = json.loads((ROOT / "benchmarks" / "upsamplers.json").read_text())["results"]
    measured = {row["side"]: row["ratio"] for row in rows}
    shown = dict(re.findall(r"`(\w+)` \| (\d\.\d\d)", README))
    assert shown == {name: f"{ratio:.2f}" for name, ratio in measured.items()}
    others = set(GUIDED) - {"a2u", "max_unpool"}
    most = max(ratio for name, ratio in measured.items() if name.startswith("a2u"))
    assert all(measured[name] > most for name in others)  # "the cheapest of the guided methods"


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
