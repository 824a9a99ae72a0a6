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

pytestmark = [pytest.mark.process, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


@pytest.mark.parametrize(
    ("keras", "level", "lines", "start", "end", "code"),
    [
        ("", None, 0, "before\nafter 3\n", "\nwritten later\n", 0),
        ("", "1", 0, "before\nafter 1\n", "\nwritten later\n", 0),
        ("", "0", 10_000, "before\noneDNN", "a warningafter 0\nwritten later\n", 0),
        ("raise ImportError('no')", None, 10_000, "before\noneDNN is on\n", "\nImportError: no\n", 1),
        ("os.write(2, b'no AVX')\nos.abort()", None, None, "before\noneDNN is on\n", "no AVX", -signal.SIGABRT),
        ("raise KeyboardInterrupt", None, 0, "before\n", "KeyboardInterrupt\n", -signal.SIGINT),
    ],
    ids=["silent", "as asked", "all as asked", "before a traceback", "last words of a death", "interruption"],
)
def test_what_is_said(tmp_path, keras, level, lines, start, end, code):
    """In a process in which `keras` is a file of ours; that it ends also means that no other holds its stderr."""
    (tmp_path / "keras.py").write_text(NOISE + keras)
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(ROOT)])
    if level is not None:
        environment["TF_CPP_MIN_LOG_LEVEL"] = level
    command = [sys.executable, "-c", CODE]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert process.stderr.startswith(start)
    assert process.stderr.endswith(end)
    assert lines is None or process.stderr.count("oneDNN is on\n") == lines
    assert "Traceback" not in process.stderr or "warningTraceback" in process.stderr or lines == 0
    assert process.returncode == code
