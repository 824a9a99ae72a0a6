"""`python -m demo` before it serves anything."""

import types

import pytest

from demo.__main__ import main


def test_missing_gradio(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"^error: the page needs Gradio: pip install 'a2u_tf\[demo\]'$"):
        main(["demo"])


def test_missing_model(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr("demo.__main__.flags.FLAGS", types.SimpleNamespace(model="none.keras"))
    with pytest.raises(SystemExit, match=r"^error: none\.keras cannot be read as a Keras model"):
        main(["demo"])
