"""Colours of the foreground."""

import numpy as np

from demo.foreground import ESTIMATED, estimated_colours, foreground_colours, plain_colours


def test_without_pymatting_the_page_says_so(monkeypatch, rng):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    colours, note = foreground_colours()
    assert colours is plain_colours
    assert "a2u_tf[pymatting]'. Then start the page again" in note
    image = rng.integers(0, 256, (2, 3, 3), dtype=np.uint8)
    assert colours(image, np.ones((2, 3), np.float32)) is image


def test_with_pymatting(monkeypatch):
    monkeypatch.setattr("demo.foreground.import_pymatting", lambda: None)
    assert foreground_colours() == (estimated_colours, ESTIMATED)
