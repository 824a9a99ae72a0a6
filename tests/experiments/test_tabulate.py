"""Tables out of summaries."""

from experiments.tabulate import format_table, method_name

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


def test_method_names():
    plain = {"upsampling": "bilinear", "downsampling": "conv", "variant": "dynamic", "channel_shared": True}
    assert method_name(plain) == "bilinear up, conv down"
    a2u = {"upsampling": "a2u", "downsampling": "a2u", "variant": "static", "channel_shared": False}
    assert method_name(a2u) == "a2u up, a2u down, static cw"
