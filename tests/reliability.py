"""Long runs whose outcome is a figure: trainings killed again and again, and memory over thousands of steps.

python -m tests.reliability kills training_memory prediction_memory

Each measurement replaces its record in `results/reliability.json`; `results/reliability.md` is the table of all.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from a2u_tf.files import replaced, write_json
from a2u_tf.inference import predict_alpha
from a2u_tf.models import Matting, matting_net
from a2u_tf.tables import markdown_table
from benchmarks.record import describe_run

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "reliability.json"
DIGITS = [
    *("train.reconstruction", "--dataset=synthetic", "--limit_train=600", "--epochs=30", "--notensorboard"),
    *("--upsampling=nearest", "--downsampling=max_pool", "--verbosity=-1"),
]
MATTING = ["train.matting", "--width=0.1", "--crop_size=64", "--batch_size=2", "--epochs=20", "--steps_per_epoch=100"]
PREDICTIONS = 2000
KILLS = 20


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
    model = Matting(matting_net(width=0.1))
    rng = np.random.default_rng(0)
    counts, readings = [], []
    for count in range(1, PREDICTIONS + 1):
        height, width = rng.integers(33, 300, 2)
        predict_alpha(
            model,
            rng.integers(0, 256, (height, width, 3), dtype="uint8"),
            rng.integers(0, 256, (height, width), dtype="uint8"),
        )
        if count % 100 == 0:
            counts.append(count)
            readings.append(_resident(os.getpid()))
    return _growth(counts, readings)


def _growth(counts, megabytes):
    """The first half of the readings may hold growth of buffers and caches; the second must be flat."""
    half = len(counts) // 2
    slope = np.polyfit(counts[half:], megabytes[half:], 1)[0]
    return {
        "count": counts,
        "resident_mb": megabytes,
        "growth_of_second_half_mb": round(max(megabytes[half:]) - megabytes[half], 1),
        "slope_mb_per_1000": round(1000 * slope, 2),
    }


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
    """Return the records as a Markdown table."""
    rows = [["what", "outcome"]]
    if "kills" in records:
        record = records["kills"]
        same = "equal" if record["weights_equal"] and record["history_equal"] else "NOT EQUAL"
        rows.append([f"training killed {record['kills']} times", f"weights and table {same} to one left alone"])
    for name, what in (("training_memory", "2,000 training steps"), ("prediction_memory", "2,000 predictions")):
        if name in records:
            record = records[name]
            halfway = record["resident_mb"][len(record["count"]) // 2]
            growth, slope = record["growth_of_second_half_mb"], record["slope_mb_per_1000"]
            outcome = f"{halfway:,.0f} MB halfway, then at most {growth:+.1f} MB; slope {slope:+.1f} MB in 1,000"
            rows.append([f"memory of {what}", outcome])
    return markdown_table(rows, [False, False])


MEASUREMENTS = {function.__name__: function for function in (kills, training_memory, prediction_memory)}


def main(names):
    if not names or not set(names) <= MEASUREMENTS.keys():
        sys.exit(f"usage: python -m tests.reliability {' '.join(f'[{name}]' for name in MEASUREMENTS)}")
    for name in names:
        records = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        records[name] = {**MEASUREMENTS[name](), "run": describe_run()}
        write_json(RESULTS, records)
        with replaced(RESULTS.with_suffix(".md")) as temporary:
            temporary.write_text(f"# Faults and long runs\n\n{table(records)}\n")
    print(table(records))


if __name__ == "__main__":
    main(sys.argv[1:])
