"""Run the tests that depend on the machine in all the ways in which machines differ, one way at a time.

python -m tests.variations                      # all, about half an hour on two cores
python -m tests.variations base threads_1       # some; the others keep their rows

The last commit is cloned into a temporary folder, with the compiled op of this checkout where the variation has one.
`results/variations.json` gets the records, `results/variations.md` their table; the exit code is 1 where a test failed.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from a2u_tf.files import markdown_table, write_json, write_text
from a2u_tf.ops import compiled
from a2u_tf.ops.compiled import library
from benchmarks.record import describe_run
from tests.compatibility import ROOT, count

RESULTS = ROOT / "results" / "variations.json"
# Arithmetic, and what is measured against recorded numbers.
ROOMS = (
    *("ops/composite", "ops/compiled/test_op.py", "ops/compiled/test_fuzz.py"),
    *(f"ops/test_{name}.py" for name in ("reassembly", "encoding", "similarity", "normalization", "pooling")),
    *("layers/test_a2u_kernels.py", "layers/test_a2u_sampling2d.py"),
    *("layers/comparison", "training/test_callbacks.py", "training/test_optimizers.py"),
    *(f"matting/{name}" for name in ("losses", "pytorch_release", "network/test_network.py", "test_prediction.py")),
)
NO_BINARY = "no_binary"
# Everything not named is as in the first.
VARIATIONS: dict[str, dict[str, str]] = {
    "base": {},
    "composite": {"A2U_TF_IMPLEMENTATION": "composite"},
    NO_BINARY: {},
    "onednn_off": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "onednn_on": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "avx2": {library.VARIABLE: "avx2"},
    "baseline": {library.VARIABLE: "baseline"},
    "threads_1": {"TF_NUM_INTRAOP_THREADS": "1"},
    "threads_2": {"TF_NUM_INTRAOP_THREADS": "2"},
    "threads_4": {"TF_NUM_INTRAOP_THREADS": "4"},
    "seed_1": {"A2U_TEST_SEED": "1"},
    "seed_2": {"A2U_TEST_SEED": "2"},
}
FACTORS = {name for environment in VARIATIONS.values() for name in environment}
# What the process itself says of the setting: that it was obeyed.
OBSERVE = """
import json
from a2u_tf.ops import compiled, reassemble_up
from a2u_tf.ops.compiled import library
from a2u_tf.ops.implementation import resolve_implementation
from tests.helpers import SEED, empty_maps_convolve
import keras
reassemble_up(keras.ops.ones((1, 2, 2, 1)), keras.ops.ones((1, 4, 4, 9)), 3)
there = compiled.unavailable() is None
print(json.dumps({
    "reassembly": resolve_implementation("auto")[0],
    "instruction_set": compiled.instruction_set() if there else None,
    "threads": library.load()[0][1].a2u_threads() if there else None,
    "onednn": not empty_maps_convolve(),
    "seed": SEED,
}))
"""


def run_variation(name, repository):
    """Run the tests in `repository`; returns the record."""
    environment = {key: value for key, value in os.environ.items() if key not in FACTORS}
    environment |= {"PYTHONPATH": str(repository), "TF_CPP_MIN_LOG_LEVEL": "3", **VARIATIONS[name]}
    folder = repository / "a2u_tf" / "lib"
    shutil.rmtree(folder, ignore_errors=True)
    if name != NO_BINARY:
        shutil.copytree(library.LIBRARY.parent, folder)

    def call(*arguments, **options):
        return subprocess.run([sys.executable, *map(str, arguments)], cwd=repository, env=environment, **options)

    observed = call("-c", OBSERVE, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]
    report, start = repository / "report.xml", time.monotonic()
    tests = (f"tests/{room}" for room in ROOMS)
    call("-m", "pytest", "-m", "not slow and not process", f"--junitxml={report}", *tests, check=False)
    seconds = round(time.monotonic() - start)
    return {"name": name, "environment": VARIATIONS[name], **json.loads(observed), **count(report), "seconds": seconds}


def table(records):
    columns = ("reassembly", "instruction_set", "threads", "onednn", "seed", "passed", "skipped")
    rows = [["", "reassembly", "kernels", "threads", "oneDNN", "seed", "passed", "skipped", "failed"]]
    for record in records:
        cells = ["-" if record[column] is None else str(record[column]) for column in columns]
        rows.append([record["name"], *cells, str(len(record["failed"]))])
    return markdown_table(rows, [False] * 3 + [True] * 6)


def main(names):
    if unknown := set(names) - set(VARIATIONS):
        sys.exit(f"error: expected some of {', '.join(VARIATIONS)}. Received: {', '.join(sorted(unknown))}")
    if reason := compiled.unavailable():
        sys.exit(f"error: the compiled op is needed: {reason}")
    old = json.loads(RESULTS.read_text())["runs"] if RESULTS.exists() else []
    records = {record["name"]: record for record in old}
    described = describe_run()  # before anybody commits something else
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "a2u_tf"
        subprocess.run(["git", "clone", "--quiet", ROOT, repository], check=True)
        for name in names or VARIATIONS:
            print(f"{name}: {VARIATIONS[name]}", flush=True)
            records[name] = run_variation(name, repository)
    ordered = [records[name] for name in VARIATIONS if name in records]
    write_json(RESULTS, {**described, "rooms": list(ROOMS), "runs": ordered})
    write_text(RESULTS.with_suffix(".md"), f"# Tests in the ways in which machines differ\n\n{table(ordered)}\n")
    print(table(ordered))
    sys.exit(any(records[name]["failed"] for name in names or VARIATIONS))


if __name__ == "__main__":
    main(sys.argv[1:])
