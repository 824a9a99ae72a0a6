"""What pip calls to build the package: setuptools, and TensorFlow's headers where the op can be compiled.

`pip install .` builds in an environment of its own. Where there is a compiler but no TensorFlow yet, pip is told to put
one into that environment, so that one command on an empty machine ends with the op. `pip install --editable .` leaves
the op to `python -m custom_ops.build`, which `make` calls.
"""

import tomllib

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - every other hook is setuptools' own

from custom_ops.toolchain import ROOT, BuildError, find_compiler, find_tensorflow


def get_requires_for_build_wheel(config_settings=None):
    """Return the requirements of a build, as PEP 517 names them."""
    return [*build_meta.get_requires_for_build_wheel(config_settings), *_tensorflow()]


def _tensorflow():
    """TensorFlow as the package itself wants it, or nothing where it is there or no compiler would use it."""
    try:
        find_compiler()
    except BuildError:
        return []
    try:
        find_tensorflow()
    except BuildError:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        return [line for line in project["dependencies"] if line.startswith("tensorflow")]
    return []
