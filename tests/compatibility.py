"""Run the tests with another Python and another TensorFlow, and keep what came of it.

python -m tests.compatibility --python=python3.13 --tensorflow=2.20

The last commit is cloned into a temporary folder and installed there, with the compiled op, into an environment of its
own. `results/compatibility.json` gets a record, and `results/compatibility.md` the table of all records.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from absl import app, flags

from a2u_tf.files import markdown_table, write_json, write_text

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "compatibility.json"
# What depends on Python, TensorFlow or Keras most; the rest of the tests takes long.
ROOMS = (
    *("custom_ops", "ops/compiled/test_op.py", "ops/test_reassembly.py", "layers/test_compiled_path.py"),
    *("layers/test_a2u_kernels.py", "layers/test_a2u_sampling2d.py", "layers/test_upsamplers.py"),
    *("matting/weights", "reconstruction/test_network.py", "export/test_saved_model.py"),
    *(f"training/test_{name}.py" for name in ("callbacks", "metrics", "optimizers")),
)
FLAGS = flags.FLAGS


def run_tests(python, tensorflow, folder):
    """Install the last commit in `folder` and run its tests there; returns the record."""
    repository, binaries = folder / "a2u_tf", folder / "venv" / "bin"

    def call(*command, check=True):
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(list(map(str, command)), cwd=repository, env=environment, check=check)

    subprocess.run(["git", "clone", "--quiet", ROOT, repository], check=True)
    call(python, "-m", "venv", folder / "venv")
    python = binaries / "python"
    call(python, "-m", "pip", "install", "--quiet", "--editable", ".[test]", f"tensorflow=={tensorflow}.*")
    call(python, "-m", "custom_ops.build")
    report = folder / "report.xml"
    call(python, "-m", "pytest", f"--junitxml={report}", *(f"tests/{room}" for room in ROOMS), check=False)
    describe = "import json; from benchmarks.record import describe_run; print(json.dumps(describe_run()))"
    record = subprocess.run([python, "-c", describe], cwd=repository, check=True, capture_output=True, text=True)
    return {**json.loads(record.stdout.splitlines()[-1]), "rooms": list(ROOMS), **count(report)}


def count(report):
    """Return how many tests of a JUnit report passed, failed and were skipped, and the names of the failed."""
    tags = {
        f"{case.get('classname')}.{case.get('name')}": {child.tag for child in case}
        for case in ElementTree.parse(report).iter("testcase")
    }
    failed = [name for name, found in tags.items() if {"failure", "error"} & found]
    skipped = sum("skipped" in found for found in tags.values())
    return {"passed": len(tags) - len(failed) - skipped, "skipped": skipped, "failed": failed}


def table(records):
    packages = ("python", "tensorflow", "keras", "numpy")
    rows = [["Python", "TensorFlow", "Keras", "NumPy", "passed", "skipped", "failed"]]
    for record in records:
        counts = [record["passed"], record["skipped"], len(record["failed"])]
        rows.append([*(record["versions"][package] for package in packages), *map(str, counts)])
    return markdown_table(rows, [False] * 4 + [True] * 3)


def main(_):
    with tempfile.TemporaryDirectory() as folder:
        record = run_tests(FLAGS.python, FLAGS.tensorflow, Path(folder))
    records = json.loads(RESULTS.read_text()) if RESULTS.exists() else []

    def versions(record):
        return [list(map(int, record["versions"][package].split(".")[:2])) for package in ("python", "tensorflow")]

    records = sorted([*(old for old in records if versions(old) != versions(record)), record], key=versions)
    write_json(RESULTS, records)
    write_text(RESULTS.with_suffix(".md"), f"# Tests with other versions\n\n{table(records)}\n")
    print(table(records))
    sys.exit(bool(record["failed"]))


if __name__ == "__main__":
    flags.DEFINE_string("python", None, "The Python to run, such as python3.13 or a path.", required=True)
    flags.DEFINE_string("tensorflow", None, "Version of TensorFlow, such as 2.20.", required=True)
    app.run(main)
