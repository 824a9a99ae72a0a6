"""The table and the figure of a comparison, from JSON files."""

import dataclasses
import json

import cv2
import pytest

from experiments.report_comparison import format_comparison, main, read_runs, write_report
from experiments.tabulate import format_table
from train.reconstruction import Settings


def summary(method, psnr, seed=0, dataset="mnist", **a2u):
    settings = Settings(dataset, method, epochs=3, batch_size=20, learning_rate=0.1, seed=seed, **a2u)
    return {
        "method": "_".join([method, *a2u]),
        "schedule": "short",
        "settings": dataclasses.asdict(settings),
        "parameters": 1234,
        "macs": 12_345_678,
        "train_pictures": 20_000,
        "test_pictures": 10_000,
        "psnr_by_epoch": [psnr - 1, psnr - 0.02 * (seed + 1), psnr],
        "metrics": {"psnr": psnr, "ssim": 0.5, "mae": 0.125, "rmse": 0.25},
        "versions": {"backend": "tensorflow"},
    }


@pytest.fixture
def folder(tmp_path):
    runs = [
        summary("bilinear", 14.0),
        summary("a2u_dynamic_cs", 15.0),
        summary("a2u_dynamic_cs", 16.0, seed=1),
        summary("bilinear", 13.5, dataset="fashion_mnist"),
    ]
    (tmp_path / "runs").mkdir()
    for number, run in enumerate(runs):
        (tmp_path / "runs" / f"{number}.json").write_text(json.dumps(run))
    return tmp_path / "runs"


def test_runs_are_grouped(folder):
    runs = read_runs(folder)
    assert {key: {name: len(group) for name, group in methods.items()} for key, methods in runs.items()} == {
        ("short", "mnist"): {"bilinear": 1, "a2u_dynamic_cs": 2},
        ("short", "fashion_mnist"): {"bilinear": 1},
    }


def test_best_first_with_the_spread_of_several_seeds(folder):
    lines = format_comparison(read_runs(folder)["short", "mnist"]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    measured = ["PSNR (dB)", "SSIM", "MAE", "RMSE", "parameters", "MACs (M)", "seeds"]
    assert cells[0] == ["upsampling", "downsampling", *measured]
    spreads = ["15.50 ± 0.71", "0.5000 ± 0.0000", "0.1250 ± 0.0000", "0.2500 ± 0.0000"]
    assert cells[2] == ["a2u_dynamic_cs", "max_pool", *spreads, "1,234", "12.3", "2"]
    assert cells[3] == ["bilinear", "max_pool", "14.00", "0.5000", "0.1250", "0.2500", "1,234", "12.3", "1"]


def test_settings_that_vary_have_columns():
    runs = [
        summary("a2u_dynamic_cs", 16.0),
        summary("a2u_dynamic_cs", 15.0, encoding_size=3),
        summary("bilinear", 14.0, kernel_size=3),
    ]
    table = format_comparison({run["method"]: [run] for run in runs})
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert [row[:4] for row in cells if "max_pool" in row or "k" in row] == [
        ["upsampling", "downsampling", "k", "PSNR (dB)"],
        ["a2u_dynamic_cs", "max_pool", "2", "16.00"],
        ["a2u_dynamic_cs", "max_pool", "3", "15.00"],
        ["bilinear", "max_pool", "", "14.00"],
    ]


def test_report(folder, capsys):
    pytest.importorskip("matplotlib", reason="needs a2u_tf[plots]")
    main(["report", str(folder)])
    text = (folder.parent / "runs.md").read_text()
    assert text in capsys.readouterr().out
    for part in (
        "## mnist, short schedule",
        "## fashion_mnist, short schedule",
        "3 epochs of 20,000 pictures",
        "by more than 0.04 dB",
    ):
        assert part in text
    height, width, _ = cv2.imread(str(folder.parent / "runs.png")).shape
    assert width > 2 * height


def test_report_without_matplotlib(folder, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "runs.png" not in write_report(folder)
    assert "pip install 'a2u_tf[plots]'" in capsys.readouterr().out
    assert not (folder.parent / "runs.png").exists()


def test_exception_of_an_empty_folder(tmp_path):
    with pytest.raises(SystemExit, match=r"error: no run in .*python -m experiments.compare --output="):
        main(["report", str(tmp_path)])


def test_table_of_summaries_shows_the_settings_that_differ():
    metrics = {"psnr": 20.125, "ssim": 0.98765, "mae": 0.01234, "rmse": 0.0456}
    runs = [
        {"settings": dataclasses.asdict(settings), "parameters": 776130, "metrics": metrics}
        for settings in (
            Settings(upsampling="bilinear", kernel_size=3),
            Settings(seed=1, limit_train=50),
            Settings(kernel_size=3),
        )
    ]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in format_table(runs).splitlines()]
    measured = ["20.12", "0.9877", "0.0123", "0.0456", "776,130"]
    assert rows[0][:5] == ["method", "kernel_size", "seed", "limit_train", "PSNR (dB)"]
    assert rows[2:] == [
        ["bilinear+max_pool", "", "0", "None", *measured],
        ["a2u_dynamic_cs+max_pool", "1", "1", "50", *measured],
        ["a2u_dynamic_cs+max_pool", "3", "0", "None", *measured],
    ]
    assert format_table(runs[:1]).splitlines()[0].split()[1:4] == ["method", "|", "PSNR"]
