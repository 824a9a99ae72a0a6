"""What `python -m a2u_tf.info` says."""

import keras
import numpy as np

from a2u_tf.info import describe
from a2u_tf.version import __version__


def test_names_versions_backend_and_implementation():
    report = describe()
    assert f"a2u_tf {__version__}" in report
    assert keras.__version__ in report
    assert np.__version__ in report
    assert f"Keras backend             {keras.backend.backend()}" in report
    assert "auto runs               composite: this version has no compiled op" in report
    assert "not available" in report
