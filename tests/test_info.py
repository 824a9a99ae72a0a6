"""What `python -m a2u_tf.info` says."""

import keras
import numpy as np

from a2u_tf.info import describe
from a2u_tf.ops import compiled
from a2u_tf.ops.implementation import resolve_implementation
from a2u_tf.version import __version__


def test_names_versions_backend_and_implementation():
    report = describe()
    assert f"a2u_tf {__version__}" in report
    assert keras.__version__ in report
    assert np.__version__ in report
    assert f"Keras backend             {keras.backend.backend()}" in report
    name, reason = resolve_implementation("auto")
    assert f"auto runs               {name}: {reason}" in report
    assert ("not available" in report) == (compiled.unavailable() is not None)


def test_says_what_is_wrong_with_the_implementation_asked_for(monkeypatch):
    monkeypatch.setenv("A2U_TF_IMPLEMENTATION", "fast")
    assert "auto runs               nothing: The environment variable A2U_TF_IMPLEMENTATION must be one" in describe()
