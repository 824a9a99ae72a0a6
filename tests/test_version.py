"""The version is one, wherever it is asked for."""

import importlib.metadata

import pytest

import a2u_tf
from a2u_tf.version import __version__


def test_installed_metadata_has_the_version():
    try:
        installed = importlib.metadata.version("a2u_tf")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("a2u_tf is not installed here, only on the path")
    assert installed == __version__
    assert a2u_tf.__version__ == __version__
