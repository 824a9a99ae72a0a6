"""What TensorFlow says while it is imported: nothing where all goes well, everything where it fails."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import os, sys
from a2u_program.quiet import import_keras_quietly
print("before", file=sys.stderr)
import_keras_quietly()
print("after", os.environ["TF_CPP_MIN_LOG_LEVEL"], file=sys.stderr)
os.write(2, b"written later\\n")
"""
NOISE = """
import os, sys
os.write(2, b"oneDNN is on\\n" * 10_000)  # more than a pipe holds
print("a warning", file=sys.stderr, end="")
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture
def run(tmp_path):
    """Run the code in a process in which `keras` is a file of ours, and TensorFlow's level as given."""

    def run(keras, level=None):
        (tmp_path / "keras.py").write_text(NOISE + keras)
        environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
        environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(ROOT)])
        if level is not None:
            environment["TF_CPP_MIN_LOG_LEVEL"] = level
        # Its end also means that no other process holds its stderr.
        return subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, timeout=60)

    return run


@pytest.mark.process
@pytest.mark.parametrize(("level", "left"), [(None, "3"), ("1", "1")])
def test_success_is_silent(run, level, left):
    process = run("", level)
    assert process.stderr == f"before\nafter {left}\nwritten later\n"
    assert process.returncode == 0


@pytest.mark.process
def test_everything_where_it_is_asked_for(run):
    process = run("", "0")
    assert process.stderr.count("oneDNN is on\n") == 10_000
    assert process.stderr.endswith("a warningafter 0\nwritten later\n")


@pytest.mark.process
def test_what_was_held_back_comes_before_the_traceback(run):
    process = run("raise ImportError('no such library')")
    assert process.stderr.startswith("before\noneDNN is on\n")
    assert process.stderr.count("oneDNN is on\n") == 10_000
    assert "a warningTraceback" in process.stderr
    assert process.stderr.endswith("ImportError: no such library\n")
    assert process.returncode == 1


@pytest.mark.process
def test_last_words_of_a_process_that_dies(run):
    process = run("os.write(2, b'The processor has no AVX')\nos.abort()")
    assert process.stderr.startswith("before\noneDNN is on\n")
    assert process.stderr.endswith("The processor has no AVX")
    assert process.returncode == -signal.SIGABRT


@pytest.mark.process
def test_an_interruption_is_no_failure(run):
    process = run("raise KeyboardInterrupt")
    assert "oneDNN" not in process.stderr
    assert process.stderr.endswith("KeyboardInterrupt\n")
