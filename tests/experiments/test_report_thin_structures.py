"""The tables of the networks of examples/thin_structures.py, from JSON files."""

import json

import pytest

from experiments.report_thin_structures import main, read_runs, write_report


def write_run(folder, name, seed, boundary_iou, skips=4, epochs=3, **options):
    figures = {"iou": 0.5, "boundary_iou": boundary_iou}
    settings = {"upsampling": name, **options, "skips": skips, "seed": seed}
    settings |= {"epochs": epochs, "pictures": 2000, "learning_rate": 0.004}
    metrics = {"validation": {"iou": 0, "boundary_iou": 0.125}, "test": figures}
    run = {"settings": settings, "metrics": metrics, "parameters": 1234, "macs": 12_345_678}
    folder.mkdir(exist_ok=True)
    (folder / f"{len(list(folder.iterdir()))}.json").write_text(json.dumps(run))


def test_tables(tmp_path, capsys):
    folder = tmp_path / "runs"
    write_run(folder, "bilinear", 0, 0.3)
    write_run(folder, "a2u", 0, 0.31, kernel_size=1)
    write_run(folder, "a2u", 1, 0.33, kernel_size=1)
    write_run(folder, "nearest", 0, 0.1, skips=0)
    main(["report", str(folder)])
    text = (tmp_path / "runs.md").read_text()
    assert text in capsys.readouterr().out
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line[:3] in ("| a", "| b", "| n")
    ]
    assert rows == [
        ["a2u, kernel_size=1", "50.0 ± 0.0", "32.0 ± 1.4", "1,234", "12.3", "2", "12.5 ± 0.0"],
        ["bilinear", "50.0", "30.0", "1,234", "12.3", "1", "12.5"],
        ["nearest", "50.0", "10.0", "1,234", "12.3", "1", "12.5"],
    ]
    assert text.index("## With skips") < text.index("bilinear") < text.index("## Without skips") < text.index("nearest")


def test_runs_of_other_lengths_and_no_runs_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="python -m examples"):
        write_report(tmp_path)
    write_run(tmp_path, "bilinear", 0, 0.3)
    write_run(tmp_path, "bilinear", 1, 0.3, epochs=4)
    with pytest.raises(ValueError, match="the same epochs"):
        read_runs(tmp_path)
