"""Versions of what is installed and shapes a result."""

import importlib.metadata
import platform

import keras

from a2u_tf.version import __version__


def versions() -> dict[str, str]:
    """Return a dict of the versions of everything that shapes a result, and the Keras backend."""
    backend = keras.backend.backend()
    found = {package: package_version(package) for package in ("keras", backend, "numpy", "opencv-python-headless")}
    return {"a2u_tf": __version__, "python": platform.python_version(), "backend": backend, **found}


def package_version(package: str) -> str:
    """Return the version of an installed package, or `"not installed"`."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
