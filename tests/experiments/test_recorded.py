"""Runs are read in the spelling of earlier versions, too."""

import pytest

from experiments.recorded import method_name, recorded_settings


@pytest.mark.parametrize(
    ("upsampling", "downsampling", "variant", "shared", "name"),
    [
        ("bilinear", "conv", "dynamic", True, "bilinear+conv"),
        ("max_unpool", "max_pool", "dynamic", True, "max_unpool"),
        ("a2u", "a2u", "static", False, "a2u_static_cw"),
        ("a2u", "max_pool", "hybrid", True, "a2u_hybrid_cs+max_pool"),
        ("bilinear", "a2u", "static", False, "bilinear+a2u_static_cw"),
    ],
)
def test_earlier_spelling(upsampling, downsampling, variant, shared, name):
    methods = {"upsampling": upsampling, "downsampling": downsampling, "variant": variant, "channel_shared": shared}
    run = {"settings": {"seed": 3, **methods}}
    assert method_name(run) == name
    up, _, down = name.partition("+")
    assert recorded_settings(run) == {"seed": 3, "upsampling": up, "downsampling": down or None}


def test_spelling_of_today():
    settings = {"seed": 3, "upsampling": "a2u_static_cw", "downsampling": None}
    assert recorded_settings({"settings": settings}) == settings
    assert method_name({"settings": settings}) == "a2u_static_cw"
