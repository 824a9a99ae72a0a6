"""The record beside a library, and what becomes of a library that does not fit."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from a2u_tf.ops import compiled
from a2u_tf.ops.compiled import build_record
from a2u_tf.ops.compiled import library as compiled_library

VERSION = "2.21.0"


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "custom_ops"
    (folder / "kernels").mkdir(parents=True)
    (folder / "build.py").write_text("pass")
    (folder / "kernels" / "a.h").write_text("int a;")
    return folder


@pytest.fixture
def library(tmp_path, sources):
    path = tmp_path / build_record.LIBRARY
    path.write_bytes(b"library")
    write_record(path, sources)
    return path


def write_record(library, sources, **changes):
    record = {**build_record.make_record(library, sources, tensorflow=VERSION), **changes}
    build_record.record_path(library).write_text(json.dumps(record))


def test_fitting_library(library, sources):
    assert build_record.problem(library, sources, VERSION) is None
    assert build_record.problem(library, sources, "2.15.0") is None  # one C API for all 2.x


def test_library_of_one_version_serves_no_other(library, sources):
    assert build_record.gpu_library(VERSION) == "liba2u_gpu_tf2.21.0.so"
    assert build_record.problem(library, sources, VERSION, one_version=True) is None
    reason = build_record.problem(library, sources, "2.21.1", one_version=True)
    assert reason == "it was built with TensorFlow 2.21.0, this is 2.21.1"


def test_installed_package_has_no_sources(library, tmp_path):
    assert build_record.problem(library, tmp_path / "nowhere", VERSION) is None


def test_changed_sources_are_noticed(library, sources):
    (sources / "kernels" / "a.h").write_text("int b;")
    assert "sources have changed" in build_record.problem(library, sources, VERSION)


def test_added_and_renamed_sources_are_noticed(library, sources):
    (sources / "kernels" / "a.h").rename(sources / "kernels" / "b.h")
    assert "sources have changed" in build_record.problem(library, sources, VERSION)


def test_missing_library(library, sources):
    library.unlink()
    assert build_record.problem(library, sources, VERSION) == "it is not built here"


def test_other_library_than_recorded(library, sources):
    library.write_bytes(b"truncated")
    assert "not the one that its build record describes" in build_record.problem(library, sources, VERSION)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"machine": "pdp11"}, "built for pdp11"), ({"tensorflow": "3.0.0"}, "built with TensorFlow 3.0.0, this is 2.21")],
)
def test_other_machine_or_tensorflow(library, sources, changes, message):
    write_record(library, sources, **changes)
    assert message in build_record.problem(library, sources, VERSION)


def test_missing_record(library, sources):
    build_record.record_path(library).unlink()
    assert build_record.problem(library, sources, VERSION) == "its build record is missing"


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "{}", '{"machine": "x86_64"}'])
def test_corrupt_record(library, sources, text):
    build_record.record_path(library).write_text(text)
    assert "its build record cannot be read" in build_record.problem(library, sources, VERSION)


@pytest.mark.process
@pytest.mark.tensorflow
@pytest.mark.parametrize("damage", ["record", "library", "both"])
def test_damaged_build_is_reported_once_and_the_composite_works(tmp_path, damage):
    """`both`: a library of rubbish whose record vouches for it, so that only the loader can refuse it."""
    if reason := compiled.unavailable():
        pytest.skip(f"the compiled op: {reason}")
    package = compiled_library.PACKAGE
    shutil.copytree(package, tmp_path / "a2u_tf", ignore=shutil.ignore_patterns("__pycache__"))
    library = tmp_path / "a2u_tf" / "lib" / build_record.LIBRARY
    if damage == "record":
        build_record.record_path(library).write_text("{")
    else:
        library.write_bytes(library.read_bytes()[:5000])
    if damage == "both":
        library.write_bytes(b"no library")
        write_record(library, compiled_library.SOURCES)
    program = (
        "import numpy as np, a2u_tf\n"
        "from a2u_tf.ops.implementation import resolve_implementation\n"
        "for _ in range(2):\n"
        "    print(a2u_tf.ops.reassemble_up(np.ones((1, 2, 2, 1)), np.ones((1, 4, 4, 1)), 1).shape)\n"
        "print(resolve_implementation('auto')[0])\n"
        "try:\n"
        "    resolve_implementation('compiled')\n"
        "except RuntimeError as error:\n"
        "    print('refused:', error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "KERAS_BACKEND": "tensorflow"}
    environment.pop("A2U_TF_IMPLEMENTATION", None)
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200
    )
    assert result.returncode == 0, result.stderr[-2000:]
    lines = result.stdout.splitlines()
    assert lines[:3] == ["(1, 4, 4, 1)", "(1, 4, 4, 1)", "composite"]
    assert lines[3].startswith("refused:")
    assert build_record.BUILD_COMMAND in lines[3]
    assert result.stderr.count("The compiled reassembly op is not used") == 1
