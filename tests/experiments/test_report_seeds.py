"""Errors on a test set over seeds."""

import statistics

import pytest

from experiments.report_seeds import main

MEANS = """images,method,count,sad,mse,grad,conn
Trimap1,A2U seed 0,15,8.0,0.02,10.0,7.0
Trimap1,half,15,31.0,0.2,48.0,32.0
Trimap1,A2U seed 1,15,9.0,0.03,12.0,9.0
"""


def test_seeds_of_a_method_are_one_row(tmp_path, capsys):
    folder = tmp_path / "photographs"
    folder.mkdir()
    (folder / "means.csv").write_text(MEANS)
    main(["report_seeds", str(folder)])
    text = (tmp_path / "photographs.md").read_text()
    assert text in capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| T")]
    deviation = statistics.stdev([8, 9])
    assert rows[0][:3] == ["Trimap1", "A2U", f"8.500 ± {deviation:.3f}"]
    assert rows[0][-1] == "2"
    assert rows[1] == ["Trimap1", "half", "31.000", "0.20000", "48.000", "32.000", "1"]


def test_a_folder_without_an_evaluation(tmp_path):
    with pytest.raises(SystemExit, match=r"means\.csv"):
        main(["report_seeds", str(tmp_path)])
