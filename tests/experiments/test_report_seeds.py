"""Errors on a test set over seeds."""

import statistics

import pytest

from experiments.report_seeds import main

HEADER = "images,method,count,sad,mse,grad,conn\n"


def test_a_method_is_one_row(tmp_path, capsys):
    rows = {
        "seed_0": ["Trimap1,A2U,15,8.0,0.02,10.0,7.0", "Trimap1,half,15,31.0,0.2,48.0,32.0"],
        "seed_1": ["Trimap1,A2U,15,9.0,0.03,12.0,9.0"],
    }
    for name, lines in rows.items():
        (tmp_path / "photographs" / name).mkdir(parents=True)
        (tmp_path / "photographs" / name / "means.csv").write_text(HEADER + "\n".join(lines) + "\n")
    main(["report_seeds", str(tmp_path / "photographs")])
    text = (tmp_path / "photographs.md").read_text()
    assert text in capsys.readouterr().out
    shown = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| T")]
    assert shown[0][:3] == ["Trimap1", "A2U", f"8.500 ± {statistics.stdev([8, 9]):.3f}"]
    assert shown[0][-1] == "2"
    assert shown[1] == ["Trimap1", "half", "31.000", "0.20000", "48.000", "32.000", "1"]


def test_a_folder_without_an_evaluation(tmp_path):
    with pytest.raises(SystemExit, match="a2u evaluate --output"):
        main(["report_seeds", str(tmp_path)])
