"""Faults and long runs whose outcome is a figure.

python -m tests.reliability faults kills training_memory prediction_memory

Each measurement replaces its record in `results/reliability.json`; `results/reliability.md` is the table of all.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from a2u_tf.files import markdown_table, write_json, write_text
from a2u_tf.matting import MattingModel, matting_net
from a2u_tf.matting.prediction import predict_alpha
from benchmarks.record import describe_run

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "reliability.json"
DIGITS = [
    *("train.reconstruction", "--dataset=synthetic", "--limit_train=600", "--epochs=30", "--notensorboard"),
    *("--upsampling=nearest", "--downsampling=max_pool", "--verbosity=-1"),
]
MATTING = ["train.matting", "--width=0.1", "--crop_size=64", "--batch_size=2", "--epochs=20", "--steps_per_epoch=100"]
# What goes wrong, what comes of it; and below, the tests that show it.
TABLE = """
disk full while a backup is written: one clear error; the epoch before is whole
    tests/training/test_callbacks.py::test_full_disk_keeps_the_epoch_before
SIGKILL while a backup is written: the epoch before is whole
    tests/training/test_callbacks.py::test_killed_while_writing_keeps_the_epoch_before
loss or weights not finite: training stops and names the batch; the epoch before is whole
    tests/training/test_callbacks.py::test_training_stops_at_the_batch_that_is_not_finite
    tests/training/test_callbacks.py::test_training_stops_at_weights_that_the_last_batch_spoiled
damaged backup: one clear error
    tests/training/test_callbacks.py::test_broken_backup_is_named
    tests/training/test_callbacks.py::test_one_damaged_byte_is_found_or_means_nothing
damaged .keras file: one clear error
    tests/matting/weights/test_loading.py::test_damage_is_found
    tests/hostile/test_checkpoints.py::test_mutated_keras_archives
damaged PyTorch checkpoint: one clear error
    tests/hostile/test_checkpoints.py::test_mutated_torch_checkpoints
damaged binary or build record of the op: one line says so; the composite runs
    tests/ops/compiled/test_build_record.py::test_damaged_build_is_reported_once_and_the_composite_works
SIGKILL of one of two training processes: the other ends; started again, both end with the numbers of one process
    tests/train/test_team.py::test_two_processes_of_which_one_is_killed_train_as_one
SIGKILL of workers and driver of a job of 300 pictures: started again, nothing is lost or done twice
    tests/matting/batch/test_job.py::test_driver_and_worker_are_killed_and_nothing_is_lost_or_done_twice
"""
ENTRIES = re.findall(r"^(\w[^:]*): (.*)\n((?: .*\n)+)", TABLE, re.MULTILINE)
FAULTS = {what: (outcome, tests.split()) for what, outcome, tests in ENTRIES}
PREDICTIONS = 2000
KILLS = 20


def faults():
    counts = {}
    for what, (_, tests) in FAULTS.items():
        command = [sys.executable, "-m", "pytest", "-n0", "--no-header", *tests]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        summary = re.search(r"^=* ?(\d+ (?:passed|failed|skipped).*?)(, \d+ warnings?)? in ", result.stdout, re.M)
        counts[what] = summary[1] if summary else f"exit {result.returncode}"
    return {"tests": counts}


def kills():
    """SIGKILL a training at 20 random moments of start-up, epochs and backups; compare with one left alone."""
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder, "whole"), Path(folder, "killed")
        begin = time.time()
        process = _start(*DIGITS, f"--run_dir={whole}")
        while process.poll() is None and not list(whole.glob("backup/*")):
            time.sleep(0.01)
        first = time.time() - begin
        _finish(process)
        epoch = (time.time() - begin - first) / 29
        rng = np.random.default_rng(0)
        epochs = []
        for _ in range(KILLS):
            process = _start(*DIGITS, f"--run_dir={killed}")
            time.sleep(rng.uniform(0, first + epoch))
            assert process.poll() is None, "the training ended before it was killed"
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            epochs.append(max((path.stem for path in killed.glob("backup/epoch_*")), default="none"))
        _finish(_start(*DIGITS, f"--run_dir={killed}"))
        weights = [keras.saving.load_model(run / "model.keras", compile=False).get_weights() for run in (whole, killed)]
        equal = all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
        tables = [(run / "history.csv").read_text() for run in (whole, killed)]
        left = [path.name for path in killed.rglob(".*")]
    return {
        "kills": KILLS,
        "backup_at_each_kill": epochs,
        "weights_equal": equal,
        "history_equal": tables[0] == tables[1],
        "left_over_files": left,
    }


def training_memory():
    """Resident memory of a matting training of 2,000 steps, with validation and checkpoints, after every 100."""
    with tempfile.TemporaryDirectory() as folder:
        process = _start(*MATTING, f"--run_dir={folder}/run")
        readings = {}
        while process.poll() is None:
            newest = max((path.stem for path in Path(folder).glob("run/backup/epoch_*")), default=None)
            if newest and newest not in readings:
                readings[newest] = _resident(process.pid)
            time.sleep(0.2)
        _finish(process)
    return _growth([100 * int(name[-4:]) for name in readings], list(readings.values()))


def prediction_memory():
    """Resident memory over 2,000 predictions of pictures of 2,000 random sizes, after every 100."""
    keras.utils.set_random_seed(0)
    model = MattingModel(matting_net(width=0.1))
    rng = np.random.default_rng(0)
    counts, readings = [], []
    for count in range(1, PREDICTIONS + 1):
        height, width = rng.integers(33, 300, 2)
        image, trimap = (rng.integers(0, 256, shape, "uint8") for shape in ((height, width, 3), (height, width)))
        predict_alpha(model, image, trimap)
        if count % 100 == 0:
            counts.append(count)
            readings.append(_resident(os.getpid()))
    return _growth(counts, readings)


def _growth(counts, megabytes):
    """The first half of the readings may hold growth of buffers and caches; the second must be flat."""
    half = len(counts) // 2
    slope = np.polyfit(counts[half:], megabytes[half:], 1)[0]
    return {"count": counts, "resident_mb": megabytes, "slope_mb_per_1000": round(1000 * slope, 2)}


def _resident(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024, 1)


def _start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _finish(process):
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(output)


def table(records):
    rows = [["what", "outcome", "shown by"]]
    for what, (outcome, tests) in FAULTS.items() if "faults" in records else ():
        places = " ".join(f"`{place}`" for place in dict.fromkeys(test.split("::")[0] for test in tests))
        rows.append([what, outcome, f"{places}: {records['faults']['tests'][what]}"])
    if "kills" in records:
        record = records["kills"]
        same = "equal" if record["weights_equal"] and record["history_equal"] else "NOT EQUAL"
        outcome = f"weights and table {same} to one left alone"
        rows.append([f"training killed {record['kills']} times at random", outcome, "`kills`"])
    for name, what in (("training_memory", "2,000 training steps"), ("prediction_memory", "2,000 predictions")):
        if name in records:
            record = records[name]
            half, readings = len(record["count"]) // 2, record["resident_mb"]
            first, second = (f"{min(x):,.0f} to {max(x):,.0f} MB" for x in (readings[:half], readings[half:]))
            slope = f"slope there {record['slope_mb_per_1000']:+.1f} MB in 1,000"
            rows.append([f"memory of {what}", f"first half {first}, second half {second}; {slope}", f"`{name}`"])
    return markdown_table(rows, [False] * 3)


MEASUREMENTS = {function.__name__: function for function in (faults, kills, training_memory, prediction_memory)}


def main(names):
    if not names or not set(names) <= MEASUREMENTS.keys():
        sys.exit(f"usage: python -m tests.reliability {' '.join(f'[{name}]' for name in MEASUREMENTS)}")
    for name in names:
        records = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        records[name] = {**MEASUREMENTS[name](), "run": describe_run()}
        write_json(RESULTS, records)
        write_text(RESULTS.with_suffix(".md"), f"# Faults and long runs\n\n{table(records)}\n")
    print(table(records))


if __name__ == "__main__":
    main(sys.argv[1:])
