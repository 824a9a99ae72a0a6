"""Colours of the foreground."""

import numpy as np

from demo.foreground import PLAIN, foreground_colours, plain_colours


def test_without_pymatting_the_page_says_so(monkeypatch, rng):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    colours, note = foreground_colours()
    assert (colours, note) == (plain_colours, PLAIN)
    assert "a2u_tf[pymatting]" in note
    image = rng.integers(0, 256, (2, 3, 3), dtype=np.uint8)
    assert colours(image, np.ones((2, 3), np.float32)) is image
