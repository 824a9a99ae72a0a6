"""Seeds, data folders and backend-dependent skips."""

import os
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.helpers import SEED

if keras.backend.backend() == "jax":
    import jax

    jax.config.update("jax_enable_x64", True)  # float64 tests need it
    jax.config.update("jax_disable_most_optimizations", True)  # nearly all of the time is compilation


def pytest_report_header():
    from a2u_tf.ops.implementation import resolve_implementation

    name, reason = resolve_implementation("auto")
    folders = [f"{variable}: {os.environ.get(variable, 'not set')}" for variable in ("A2U_GOLDEN_DIR", "A2U_DATA_DIR")]
    return [
        f"A2U_TEST_SEED: {SEED}, Keras backend: {keras.backend.backend()}, reassembly: {name} ({reason})",
        ", ".join(folders),
    ]


def pytest_terminal_summary(terminalreporter):
    if not terminalreporter.showheader:  # as with -q
        terminalreporter.write_line("\n".join(pytest_report_header()))


# Skipped with A2U_TEST_COMPLETE=1, too: what is tested elsewhere in the same run, or what no installation changes.
HARMLESS_SKIPS = re.compile(
    "|".join(
        [
            "runs on (jax|torch)",
            "does not run inside XLA",
            "the tests run here already",
            "tests/integration runs it without",
            "computes float64 in",
            "this backend computes",
            "counts on TensorFlow's",
            "for the TensorFlow backend",
        ]
    )
)


def _complete(report):
    """With A2U_TEST_COMPLETE=1 a test that is skipped for want of something has failed."""
    if report.skipped and os.environ.get("A2U_TEST_COMPLETE") == "1" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not HARMLESS_SKIPS.search(reason):
            report.outcome, report.longrepr = "failed", f"A2U_TEST_COMPLETE=1 wants what this test needs: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = _complete((yield))
    # A worker cannot send what it caught of names that are no UTF-8.
    report.sections = [(title, text.encode("utf-8", "backslashreplace").decode()) for title, text in report.sections]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _complete((yield))


LONGEST = ("integration", "train", "export", "examples", "matting")


def pytest_collection_modifyitems(items):
    # The longest first: workers then end together.
    items.sort(key=lambda item: next((n for n, room in enumerate(LONGEST) if room in item.path.parts), len(LONGEST)))
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return
    for item in items:
        if item.get_closest_marker("tensorflow"):
            item.add_marker(pytest.mark.skip(reason=f"needs the TensorFlow backend of Keras, runs on {backend}"))


@pytest.fixture(autouse=True, scope="module")
def seeds_of_module():
    """For models that a whole module shares: they are made before the seeds of its first test are set."""
    keras.utils.set_random_seed(SEED)


@pytest.fixture(autouse=True)
def seeds():
    keras.utils.set_random_seed(SEED)


@pytest.fixture(autouse=True)
def no_determinism_left():
    """Trainings ask TensorFlow for deterministic operations, for good: Keras would no longer compile by XLA."""
    yield
    if keras.backend.backend() == "tensorflow":
        from tensorflow.python.framework import config  # There is no public way back.

        config.disable_op_determinism()


@pytest.fixture(autouse=True)
def processes_are_marked(request, monkeypatch):
    """A test that starts Python says so by its marker, so that `make check` can go without."""
    if request.node.get_closest_marker("process"):
        return
    start = subprocess.Popen.__init__

    def checked(self, args, *rest, **options):
        if not isinstance(args, str) and str(next(iter(args), "")) == sys.executable:
            pytest.fail("this test starts Python: mark it with @pytest.mark.process")
        start(self, args, *rest, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", checked)


@pytest.fixture
def built():
    """Skips what needs the compiled op where that is missing."""
    from a2u_tf.ops import compiled

    if reason := compiled.unavailable():
        pytest.skip(f"the compiled op: {reason}")


@pytest.fixture
def rng():
    return np.random.default_rng(SEED)


@pytest.fixture(scope="session")
def golden_dir():
    """Folder of vectors that the released PyTorch model computed."""
    return _folder("A2U_GOLDEN_DIR")


@pytest.fixture(scope="session")
def data_dir():
    """Folder of data sets."""
    return _folder("A2U_DATA_DIR")


def _folder(variable):
    path = os.environ.get(variable)
    if not path:
        pytest.skip(f"{variable} is not set")
    if not os.path.isdir(path):
        pytest.skip(f"{variable}={path} is not a directory")
    return pathlib.Path(path)
