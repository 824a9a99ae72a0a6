"""Tables out of summaries."""

from experiments.tabulate import format_table

SUMMARY = {
    "settings": {"epochs": 2, "seed": 0},
    "parameters": 776130,
    "metrics": {"psnr": 20.125, "ssim": 0.98765, "mae": 0.01234, "rmse": 0.0456},
}


def test_table():
    header, rule, row = format_table({"bilinear": SUMMARY}).splitlines()
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        "bilinear",
        "20.12",
        "0.9877",
        "0.0123",
        "0.0456",
        "776,130",
        "2",
        "0",
    ]
    assert header.count("|") == rule.count("|") == row.count("|")
