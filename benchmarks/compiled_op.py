"""The compiled op beside the composite, with and without XLA: time and memory of one reassembly.

    python -m benchmarks.compiled_op --output benchmarks/compiled_op.json      # about 2 minutes on two cores

Every side runs inside one `tf.function`, forward and forward + backward; rounds alternate over the sides, times are
medians, `ratio` is to the compiled op in the same round of the same run. A bilinear resize (upwards) or an average pool
(downwards) of the same sizes stands beside them as a yardstick. Page faults, and the share of the processor's time that
the operating system took, tell where time goes that no kernel can save. Memory is the peak over inputs and outputs of
one forward pass, in a process of its own.
"""

import ctypes
import gc
import json
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.ops import compiled, composite, reference
from benchmarks.record import describe_run
from benchmarks.rounds import seconds
from benchmarks.timing import make_step, make_tensors, yardstick

# name: direction, features shape, kernel size, scale
CASES = {
    "up x2, K=5, (1,64,64,64)": ("up", (1, 64, 64, 64), 5, 2),
    "up x2, K=3, (4,128,128,64)": ("up", (4, 128, 128, 64), 3, 2),
    "up x2, K=5, (8,16,16,128)": ("up", (8, 16, 16, 128), 5, 2),
    "down x2, K=6, (2,256,256,64)": ("down", (2, 256, 256, 64), 6, 2),
}
# name: function, XLA
SIDES = {
    "compiled": (compiled.reassemble, False),
    "composite": (composite.reassemble, False),
    "composite, XLA": (composite.reassemble, True),
    "yardstick": (yardstick, False),
}

_OUTPUT = flags.DEFINE_string("output", "benchmarks/compiled_op.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 15, "Timed rounds over all sides; medians are reported.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)
_MEMORY = flags.DEFINE_string("memory", None, "For the benchmark itself: print the memory of CASE|SIDE and stop.")


def check(case):
    """Hold the sides to the reference on a corner of the case."""
    (x, k, _), window = make_tensors(*CASES[case])
    side = 6 * window.up // window.down
    x, k = x[:1, :6, :6, :8], k[:1, :side, :side]
    expected = getattr(reference, f"reassemble_{window.direction}")(x, k, window.kernel_size, window.scale)
    for name, (function, _) in SIDES.items():
        if name != "yardstick":
            np.testing.assert_allclose(function(x, k, window), expected, atol=1e-4)


def measure_times(case, rounds):
    """Return one result row for each side and pass."""
    tensors, window = make_tensors(*CASES[case])
    rows = []
    for backward in (False, True):
        steps = {name: make_step(function, backward, jit, window) for name, (function, jit) in SIDES.items()}
        for step in steps.values():
            seconds(step, *tensors)
        times = {name: [] for name in steps}
        usage = {name: np.zeros(3) for name in steps}
        for _ in range(rounds):
            for name, step in steps.items():
                before = _usage()
                times[name].append(seconds(step, *tensors))
                usage[name] += _usage() - before
        for name, t in times.items():
            ratios = [a / b for a, b in zip(t, times["compiled"], strict=True)]
            row = {
                "case": case,
                "pass": "forward + backward" if backward else "forward",
                "side": name,
                "median_ms": round(1e3 * statistics.median(t), 3),
                "spread_ms": [round(1e3 * min(t), 3), round(1e3 * max(t), 3)],
                "ratio": round(statistics.median(ratios), 2),
                "page_faults": round(usage[name][0] / rounds),
                "system_share": round(usage[name][1] / max(usage[name][1:].sum(), 1e-9), 2),
            }
            rows.append(row)
            print(f"{case:30} {row['pass']:19} {name:15}{row['median_ms']:10.2f} ms {row['ratio']:7.2f} x", flush=True)
    return rows


def _usage():
    """Page faults, system seconds and user seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return np.array([used.ru_minflt, used.ru_stime, used.ru_utime])


def measure_memory(case, side):
    """Return `(extra, output)` bytes: the peak of one forward pass over inputs and output, and the output."""
    (x, k, _), window = make_tensors(*CASES[case])
    function, jit = SIDES[side]
    step = make_step(function, False, jit, window)
    step(x, k, x)
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak back to what is resident now
    output = step(x, k, x)
    size = int(np.prod(output.shape)) * output.dtype.size
    return _status("VmHWM") - before - size, size


def _status(name):
    return 1024 * int(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text()).group(1))


def memory_row(case, side):
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.compiled_op", f"--memory={case}|{side}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    extra, output = json.loads(printed.splitlines()[-1])
    row = {
        "case": case,
        "side": side,
        "extra_mb": round(extra / 2**20, 2),
        "output_mb": round(output / 2**20, 2),
        "extra_of_output": round(extra / output, 3),
    }
    print(
        f"{case:30} extra memory        {side:15}{row['extra_mb']:10.2f} MB {row['extra_of_output']:7.2f} of the output"
    )
    return row


def main(_):
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    if reason := compiled.unavailable():
        raise SystemExit(f"error: the compiled op: {reason}")
    if _MEMORY.value:
        print(json.dumps(measure_memory(*_MEMORY.value.split("|"))))
        return
    record = describe_run()
    for case in CASES:
        check(case)
    write_json(
        _OUTPUT.value,
        {
            **record,
            "rounds": _ROUNDS.value,
            "threads": _THREADS.value,
            "instruction_set": compiled.instruction_set(),
            "times": [row for case in CASES for row in measure_times(case, _ROUNDS.value)],
            "memory": [memory_row(case, side) for case in CASES for side in SIDES if side != "yardstick"],
        },
    )


if __name__ == "__main__":
    app.run(main)
