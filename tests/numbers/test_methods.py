"""What the methods reach, on digits and on thin structures, and what they cost."""

import itertools
import json
import re
import shutil
import statistics

import numpy as np
import pytest

from a2u_tf.layers import METHODS, UPSAMPLERS
from experiments import report_thin_structures
from experiments.report_comparison import read_runs, write_report
from tests.numbers.files import DOCS, ROOT, benchmark, page, table_rows


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
        assert {len(seeds) for seeds in psnr.values()} == {3}
        for one, other in itertools.product(a2u, ("nearest+max_pool", "bilinear+max_pool", "transposed_conv+max_pool")):
            deviation = max(np.std(psnr[name], ddof=1) for name in (one, other))
            assert psnr[one].mean() - psnr[other].mean() > 2 * deviation
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


def test_ranking_is_that_of_longer_trainings():
    runs = read_runs(ROOT / "results" / "reconstruction")
    long, short = ({name: r[0]["metrics"]["psnr"] for name, r in runs[s, "mnist"].items()} for s in ("long", "short"))
    order = ["a2u_dynamic_cs+max_pool", "max_unpool", "nearest+max_pool", "bilinear+max_pool"]
    assert sorted(long, key=lambda name: -long[name]) == order == sorted(long, key=lambda name: -short[name])
    gains = {name: psnr - short[name] for name, psnr in long.items()}
    assert max(gains, key=gains.get) == order[0]
    minutes = [r[0]["seconds_since_start"] / 60 for r in runs["long", "mnist"].values()]
    assert f"trains one, in {min(minutes):.0f} to {max(minutes):.0f} minutes on one" in page("methods")


@pytest.mark.parametrize("name", ["reconstruction", "ablation"])
def test_comparison_is_that_of_the_runs(name, tmp_path):
    pytest.importorskip("matplotlib", reason="the figure needs matplotlib: pip install 'a2u_tf[plots]'")
    folder = tmp_path / name
    shutil.copytree(ROOT / "results" / name, folder)
    assert write_report(folder) == (ROOT / "results" / f"{name}.md").read_text()


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
        "the small matting training, bilinear": f"{mattes['bilinear'][0]['seconds_since_start'] / 60:.0f} minutes",
        "the small matting training, A2U": f"{mattes['A2U'][0]['seconds_since_start'] / 60:.0f} minutes",
        "one step at full width": f"{step / 1e3:.0f} s",
    }
    for what, time in times.items():
        ((shown, _),) = table_rows("reproduce", what)
        assert shown == time
    days = step / 1e3 * 16 / steps["batch_size"] * 180_000 / 86_400
    assert f"would take {days:.0f} days" in page("reproduce")
