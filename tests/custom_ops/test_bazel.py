"""Bazel's files say what build.py says. That they build is checked by `python -m custom_ops.tests.run_bazel`."""

import runpy

from custom_ops import build, toolchain

BUILD_FILE = (toolchain.SOURCES / "BUILD").read_text()


def test_flags_are_the_same():
    flags = runpy.run_path(str(toolchain.SOURCES / "bazel" / "flags.bzl"))
    assert flags["FLAGS"] == toolchain.FLAGS
    assert flags["INSTRUCTION_SETS"] == build.INSTRUCTION_SETS


def test_every_source_is_named():
    for source, _ in build.cpu_units():
        assert f'"kernels/{source.name}"' in BUILD_FILE
    assert '"tensorflow/*.cc"' in BUILD_FILE


def test_serving_needs_no_tensorflow_of_pip():
    """Who links the op names another TensorFlow: beyond the flag's default nothing may refer to the installed one."""
    assert BUILD_FILE.count("@local_tensorflow") == 1
