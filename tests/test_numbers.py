"""The figures of README and docs are those of the files they come from."""

import csv
import itertools
import json
import re
import shutil
import statistics
from pathlib import Path

import numpy as np
import pytest

from a2u_tf.layers import METHODS, UPSAMPLERS
from experiments import report_thin_structures
from experiments.report_comparison import read_runs, write_report
from train.matting_settings import RECIPES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def benchmark(name):
    return json.loads((ROOT / "benchmarks" / f"{name}.json").read_text())


def page(name):
    return " ".join((DOCS / f"{name}.md").read_text().split())


def table_rows(name, first_cell):
    lines = (DOCS / f"{name}.md").read_text().splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip(" *") for cell in row[1:]] for row in rows if row[0].strip().startswith(first_cell)]


def test_speeds_are_those_of_the_benchmarks():
    measured = benchmark("compiled_op")
    for case in {row["case"] for row in measured["times"]}:
        ratios = {(row["pass"], row["side"]): row["ratio"] for row in measured["times"] if row["case"] == case}
        columns = [(p, s) for p in ("forward", "forward + backward") for s in ("composite", "composite, XLA")]
        way, kernel, shape = re.fullmatch(r"(.*), (K=\d), (\(.*\))", case).groups()
        (row,) = table_rows("speed", f"{shape.replace(',', ', ')}, {way}, {kernel}")
        np.testing.assert_allclose([float(cell) for cell in row], [ratios[c] for c in columns], atol=0.051)
    names = {"compiled": "compiled op", "composite": "composite", "composite, XLA": "composite with XLA"}
    for step in benchmark("training_step")["results"]:
        if step["side"] in names:
            expected = [f"{step['ratio']:.2f}", f"{step['first_step_s']:.0f} s"]
            assert expected in table_rows("speed", names[step["side"]])
    names = {
        "bilinear, float32": "bilinear upsampling and max-pooling",
        "a2u, compiled, float32": "A2U with the compiled op",
        "a2u, composite, float32": "A2U by the composite",
    }
    for step in benchmark("matting_step")["results"]:
        expected = [f"{step['ratio']:.2f}", f"{step['first_s']:.0f} s", f"{step['peak_mb']:,} MB"]
        assert expected in table_rows("speed", names[step["side"]])
    kept = {row["side"]: row for row in benchmark("kept_for_backward")["results"]}
    text = page("speed")
    assert f"keep {kept['compiled']['kept_mb']:.0f} MB of one picture" in text
    assert f"by plain operations {kept['composite']['kept_mb']:.0f} MB" in text
    assert f"came in, of {kept['compiled']['features_mb']:.0f} MB" in text
    now = {row["what"]: row["measured"] for row in benchmark("goals")["results"]}
    step, prediction = now["training step, A2U now / before"], now["prediction at width 0.25, A2U now / before"]
    assert f"a step takes {step:.2f}, a prediction at a quarter of the width {prediction:.2f} of the time" in text


def test_what_runs_without_the_ops_takes_as_long_as_it_stands_there():
    cases = {
        case["case"]: {row["side"]: row for row in case["results"]} for case in benchmark("portable_since")["cases"]
    }
    ratios = [sides["now"]["ratio"] for sides in cases.values()]
    assert f"takes {min(ratios):.2f} to {max(ratios):.2f} of the time" in page("speed")
    first = {age: row["first_s"] for age, row in cases["TensorFlow, training step"].items()}
    assert f"{first['now']:.0f} s where it took {first['older']:.0f} s" in page("speed")
    assert all(
        sides["now"]["first_s"] < sides["older"]["first_s"] + 0.5
        for name, sides in cases.items()
        if "step" in name and name != "TensorFlow, training step"
    )


def test_matting_speeds_are_those_of_the_benchmark():
    names = {
        "bilinear and max-pooling": "bilinear upsampling and max-pooling",
        "A2U dynamic cs, compiled": "A2U, compiled",
        "A2U dynamic cs, composite": "A2U, composite",
    }
    measured = benchmark("matting_inference")
    assert measured["size"] == 512
    for row in measured["results"]:
        assert [f"{row['ratio']:.2f}", f"{row['peak_mb']:,} MB"] in table_rows("speed", names[row["side"]])


def test_speeds_beside_pytorch_are_those_of_the_benchmark():
    names = {
        "ours": "Keras, compiled op, float32",
        "ours, bfloat16": "Keras, compiled op, bfloat16",
        "PyTorch, eager": "PyTorch, eager, float32",
        "PyTorch, eager, bfloat16": "PyTorch, eager, bfloat16",
        "PyTorch, torch.compile": "PyTorch, `torch.compile`",
        "PyTorch by unfold, eager": "PyTorch by `unfold`, eager",
        "PyTorch by unfold, torch.compile": "PyTorch by `unfold`, `torch.compile`",
    }
    measured = benchmark("matting_peer")
    assert (measured["size"], measured["width"]) == (512, 1)
    for row in measured["results"]:
        assert table_rows("speed", names[row["side"]]) == [[f"{row['ratio']:.2f}", f"{row['peak_mb']:,} MB"]]


def test_switches_gain_what_the_benchmarks_say():
    def by_side(name, column):
        return {row.get("side") or row["program"]: row[column] for row in benchmark(name)["results"]}

    goals = {row["what"]: row["measured"] for row in benchmark("goals")["results"]}
    prediction, step = by_side("matting_inference", "median_ms"), by_side("matting_step", "median_ms")
    times, held = by_side("matting_peer", "median_ms"), by_side("matting_peer", "peak_mb")
    factors = [
        prediction["A2U dynamic cs, compiled"] / prediction["A2U dynamic cs, composite"],
        step["a2u, compiled, float32"] / step["a2u, composite, float32"],
        times["ours, bfloat16"] / times["ours"],
        goals["training step, A2U now / before"],
        goals["prediction at width 0.25, A2U now / before"],
    ]
    text = (DOCS / "performance.md").read_text()
    assert re.findall(r"\| (\d\.\d\d) \|", text) == [f"{factor:.2f}" for factor in factors]
    peaks, kept = by_side("matting_inference", "peak_mb"), by_side("kept_for_backward", "kept_mb")
    above = by_side("start", "above_import_s")
    for phrase in (
        f"{100 * held['ours, bfloat16'] / held['ours'] - 100:.0f} % more memory",
        f"from {peaks['A2U dynamic cs, composite']} MB down to {peaks['A2U dynamic cs, compiled']} MB",
        f"keep {kept['compiled']:.0f} MB of A2U's four stages where plain operations keep {kept['composite']:.0f} MB",
        f"{above['first training step, A2U']:.0f} s above the import of TensorFlow",
        f"upsampling takes {above['first training step, bilinear']:.0f} s. A matte from the shell takes "
        f"{above['a2u matte']} s above it",
        f"A2U costs {100 * goals['prediction, A2U / bilinear'] - 100:.0f} % of a prediction",
        f"and {100 * goals['training step, A2U / bilinear'] - 100:.0f} % of a training step",
    ):
        assert phrase in page("performance")


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


def test_load_on_a_server_is_as_it_was_measured():
    load = json.loads((ROOT / "results" / "serving_load.json").read_text())
    for row in load["mixed"]:
        times = [f"{row[name]:,.0f} ms" for name in ("p50_ms", "p95_ms", "p99_ms")]
        assert [f"{row['answers_per_s']:.1f}", *times] in table_rows("serving", str(row["clients"]))
    for row in load["pictures_in_a_request"]:
        expected = [f"{row['ms']:,.0f} ms", f"{row['megapixels_per_s']:.2f}"]
        assert expected in table_rows("serving", str(row["pictures"]))
    assert f"Of {sum(row['requests'] for row in load['mixed']):,} requests none was lost" in page("serving")
    for row in load["sizing"]:
        what = f"{row['pictures']} of {row['size'][0]} x {row['size'][1]}"
        expected = [f"{row['s']:.1f} s", f"{row['megapixels_per_s']:.2f}", f"{row['memory_above_start_mb']:,} MB"]
        assert expected in table_rows("serving", what)
    assert f"memory changed by {abs(load['memory_growth_percent']):.1f} %" in page("serving")
    held = load["memory_mb"]
    assert f"held {min(held):,.0f} to {max(held):,.0f} MB" in page("serving")
    assert abs(load["memory_growth_percent"]) < 2
    assert load["minutes"] == 10


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


def test_growth_is_that_of_the_pixels():
    rows = [row for row in benchmark("growth")["results"] if row["megapixels"] > 1]
    assert {row["megapixels"] > 12 for row in rows} == {row["batch"] == 8 for row in rows} == {True, False}
    times = [row["time_per_pixel"] for row in rows]
    assert max(abs(time / statistics.median(times) - 1) for time in times) < 0.1
    for single in (True, False):  # pictures that grow, and pictures that become more
        memory = [row["memory_per_pixel"] for row in rows if (row["batch"] == 1) is single]
        assert max(memory) < 1.05 * memory[0] < 1.05
    small = [row["time_per_pixel"] for row in benchmark("growth")["results"] if row["megapixels"] < 1]
    assert len(small) == 2
    assert max(small) < 1.27 * min(times)  # "a quarter"


def test_every_method_is_named():
    assert all(f"`{name}`" in (ROOT / "README.md").read_text() for name in UPSAMPLERS)
    assert all(f"`{name}`" in page("methods") for name in METHODS)


def test_costs_are_those_of_the_results():
    rows = json.loads((ROOT / "results" / "cost.json").read_text())["operators"]
    methods = ("a2u_dynamic_cs", "carafe", "sapa_b", "fade", "indexnet_m2o")
    macs = [f"{(rows[name]['kernel_macs'] + rows[name]['resampling_macs']) / 1e9:.2f}" for name in methods]
    expected = "takes {} G multiply-accumulates, CARAFE {}, SAPA-B {}, FADE {} and IndexNet (M2O) {}.".format(*macs)
    assert expected in page("methods")


def test_methods_are_as_they_were_compared():
    text = (DOCS / "methods.md").read_text()
    for name in ("reconstruction", "ablation", "sgd"):
        tables = re.findall(
            r"^\|.*?\n(?=\n|\Z)", (ROOT / "results" / f"{name}.md").read_text(), re.DOTALL | re.MULTILINE
        )
        assert tables
        assert all(table in text for table in tables)
    by_sgd = {"mnist": {}, "fashion_mnist": {}}
    for run in json.loads((ROOT / "results" / "sgd.json").read_text()):
        by_sgd[run["settings"]["dataset"]][f"{run['settings']['upsampling']}+max_pool"] = run["metrics"]["psnr"]
    gains, spreads = [], {"a2u": [], "nearest": []}
    a2u = [f"a2u_dynamic_{kind}+max_pool" for kind in ("cs", "cw")]
    for dataset in ("mnist", "fashion_mnist"):
        runs = read_runs(ROOT / "results" / "reconstruction")["short", dataset]
        psnr = {name: np.array([run["metrics"]["psnr"] for run in seeds]) for name, seeds in runs.items()}
        for one, other in itertools.product(a2u, ("nearest+max_pool", "bilinear+max_pool", "transposed_conv+max_pool")):
            deviation = max(np.std(psnr[name], ddof=1) for name in (one, other) if len(psnr[name]) > 1)
            assert psnr[one].mean() - psnr[other].mean() > 2 * deviation
            assert len(psnr[one]) == 3
        assert psnr[a2u[1]].mean() > psnr["max_unpool"].mean()
        spreads["a2u"] += [np.ptp(psnr[name]) for name in a2u]
        spreads["nearest"].append(np.ptp(psnr["nearest+max_pool"]))
        gains += [psnr[name].mean() - value for name, value in by_sgd[dataset].items() if name not in a2u]
    assert f"end {min(gains):.1f} to {max(gains):.1f} dB higher" in page("methods")
    assert (
        f"its seeds differ by up to {max(spreads['a2u']):.1f} dB, those of nearest upsampling by "
        f"{max(spreads['nearest']):.1f} dB" in page("methods")
    )


def test_settings_matter_as_the_ablation_says():
    runs = read_runs(ROOT / "results" / "ablation")["short", "mnist"]
    psnr = {name.partition("+max_pool")[2] or name: [run["metrics"]["psnr"] for run in r] for name, r in runs.items()}
    default = psnr.pop("a2u_dynamic_cs+max_pool")
    deviation = {name: max(np.std(seeds, ddof=1) for seeds in (p, default)) for name, p in psnr.items()}
    ahead = {name: (np.mean(p) - np.mean(default)) / deviation[name] for name, p in psnr.items()}
    level = {"a2u_dynamic_cs", "_encoding_size_3", "_projection_initializer_released"}
    level |= {"_kernel_size_3_normalization_sigmoid"}
    assert {len(seeds) for seeds in psnr.values()} == {3}
    assert {name for name, by in ahead.items() if abs(by) < 2} == level
    assert {name for name, by in ahead.items() if by >= 2} == {"a2u_dynamic_cs+conv"}
    assert max(deviation, key=deviation.get) == "_projection_initializer_released"


@pytest.mark.parametrize("name", ["reconstruction", "ablation"])
def test_comparison_is_that_of_the_runs(name, tmp_path):
    pytest.importorskip("matplotlib", reason="the figure needs matplotlib: pip install 'a2u_tf[plots]'")
    folder = tmp_path / name
    shutil.copytree(ROOT / "results" / name, folder)
    assert write_report(folder) == (ROOT / "results" / f"{name}.md").read_text()


def test_speeds_of_the_matting_data_are_those_of_the_benchmark():
    measured = benchmark("matting_data")
    beside = {row["width"]: row for row in measured["beside"]["results"] if row["side"] == "training_batches"}
    full, small = beside[1], beside[0.25]
    (alone,) = (r for r in measured["alone"]["results"] if (r["workers"], r["opencv_threads"]) == (2, 1))
    text = page("speed")
    assert measured["beside"]["crop_size"] == measured["alone"]["crop_size"] == 512
    assert f"a step takes {full['ratio']:.2f} times as long" in text
    assert f"waits {full['median_wait_ms']:.0f} ms for its batch" in text
    share = full["median_step_ms"] / small["median_step_ms"]
    assert f"a step is {share:.0f} times as short, it is {small['ratio']:.2f} times" in text
    assert f"the data make {alone['samples_per_second']:.1f} samples a second" in text


def test_speeds_of_the_evaluation_are_those_of_the_benchmark():
    rows = benchmark("evaluation")["results"]
    ratios = {(row["case"], row["error"]): row["ratio"] for row in rows if row["side"] == "plain"}
    text = page("speed")
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


def test_formats_are_those_of_the_benchmark():
    text = (DOCS / "formats.md").read_text()
    for row in benchmark("export_formats")["results"]:
        if row["side"] != "Keras":
            costs = f"{row['mb']} MB | {row['ratio']:.2f} | {row['difference']:.0e} | {row['sad']:.2f}"
            assert f"| {row['side']} | {costs} |" in text


def test_large_pictures_are_those_of_the_benchmark():
    text = (DOCS / "command_line.md").read_text()
    rows = benchmark("large_pictures")["results"]
    for size in {row["size"] for row in rows}:
        cells = [f"{r['seconds']:.0f} s, {r['peak_mb'] / 1024:.1f} GiB" for r in rows if r["size"] == size]
        assert f"| {size.replace('x', ' x ')} | {' | '.join(cells)} |" in text


def test_costs_of_the_unet_are_those_of_the_benchmark():
    measured = benchmark("unet")
    parameters = measured["parameters"]
    for training, prediction in zip(measured["training"], measured["prediction"], strict=True):
        side = training["side"]
        ratios = [f"{training['ratio']:.2f}", f"{prediction['ratio']:.2f}"]
        assert table_rows("layers", side) == [[f"{parameters[side]:,}", *ratios]]
    assert measured["batch"] == 4
    assert f"a batch of four pictures of {measured['side']} x" in page("layers")


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


def test_thin_structures_are_as_they_were_measured(tmp_path):
    folder = tmp_path / "thin_structures"
    shutil.copytree(ROOT / "results" / "thin_structures", folder)
    report = report_thin_structures.write_report(folder)
    assert report == (ROOT / "results" / "thin_structures.md").read_text()
    text = (DOCS / "your_model.md").read_text()
    tables = re.findall(r"(?:^\|.*\n)+", report, flags=re.MULTILINE)
    assert len(tables) == 2
    assert all(table in text for table in tables)
    runs = report_thin_structures.read_runs(folder)
    mean = {
        skips: {name: report_thin_structures.mean(group, "test", "boundary_iou") for name, group in methods.items()}
        for skips, methods in runs.items()
    }
    one_tap, usual = "a2u, kernel_size=1", ("bilinear", "nearest")
    rank_4 = f"{one_tap}, encoding_size=2, rank=4"
    with_skips = mean[4]
    assert max(with_skips, key=with_skips.get) in usual  # "as well as anything"
    assert with_skips["a2u"] < with_skips[one_tap] < min(with_skips[name] for name in (rank_4, *usual))  # "behind"
    iou = {name: [run["metrics"]["test"]["iou"] for run in runs[4][name]] for name in (rank_4, *usual)}
    assert np.ptp([np.mean(values) for values in iou.values()]) < max(np.std(x, ddof=1) for x in iou.values())  # "even"
    assert mean[0]["a2u"] < mean[0]["bilinear"] < mean[0][one_tap] / 5 < mean[0][rank_4] / 10
    assert report_thin_structures.mean(runs[0][rank_4], "test", "iou") > 0.25  # "more than a quarter"
    assert all(len(runs[4][name]) == 3 for name in (*usual, "carafe", "dysample", "sapa_b", "a2u", one_tap, rank_4))


def test_times_of_the_trainings_are_those_of_the_results():
    runs = (json.loads(path.read_text()) for path in (ROOT / "results" / "reconstruction").glob("*.json"))
    digits = [run["seconds_since_start"] / 60 for run in runs]
    mattes = json.loads((ROOT / "results" / "matting_small" / "runs.json").read_text())
    steps = benchmark("matting_data")["beside"]
    (step,) = (r["median_step_ms"] for r in steps["results"] if (r["width"], r["side"]) == (1, "training_batches"))
    times = {
        "one method on digits": f"{statistics.median(digits):.0f} minutes (median)",
        "the small matting training, bilinear": f"{mattes['bilinear']['seconds_since_start'] / 60:.0f} minutes",
        "the small matting training, A2U": f"{mattes['A2U']['seconds_since_start'] / 60:.0f} minutes",
        "one step at full width": f"{step / 1e3:.0f} s",
    }
    for what, time in times.items():
        ((shown, _),) = table_rows("reproduce", what)
        assert shown == time
    days = step / 1e3 * 16 / steps["batch_size"] * 180_000 / 86_400
    assert f"would take {days:.0f} days" in page("reproduce")
