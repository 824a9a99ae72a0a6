"""Sides of a comparison, each a process of its own that acts when it is told to: time, peak memory, and the start.

Neither side's threads and memory are the other's, one side may be another commit, and in every round all take their
turn, so that a noisy machine is noisy for all of them.
"""

import contextlib
import dataclasses
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.rounds import summary_of

ROOT = Path(__file__).parents[1]
WORKER = Path(__file__).with_name("side.py")
# A process takes of a GPU's memory what it needs, and leaves the rest to the other sides.
SHARING = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


@dataclasses.dataclass(frozen=True)
class Side:
    """What a side does: `function(**arguments)` of a file makes a function of nothing, which is timed.

    The file is run in the side's own process, by the packages of `checkout`: it imports these within its functions.
    """

    file: str
    function: str
    arguments: Mapping[str, Any]
    checkout: Path = ROOT


class Process:
    """A side that has been started; `act` and `end` answer by seconds and by bytes."""

    def __init__(self, name: str, side: Side) -> None:
        self.name = name
        task = json.dumps([side.file, side.function, dict(side.arguments)])
        # Not the folder of this file on the path of modules, but the checkout.
        paths = [str(side.checkout), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, **SHARING, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}
        self.process = subprocess.Popen(
            [sys.executable, WORKER, task],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=side.checkout,
        )

    def act(self) -> float:
        """Have it act once; returns the seconds that it took."""
        return self._ask("act")

    def end(self) -> float:
        """Have it end; returns the bytes that it held at most, over those before it first acted."""
        return self._ask("end")

    def _ask(self, message: str) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            print(message, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} ended with exit status {self.process.wait()}: see its messages above.")
        return float(answer)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()  # which closes its input, and so ends it


def compare_sides(sides: Mapping[str, Side], rounds: int, measure: str, starts: int = 1) -> list[dict[str, Any]]:
    """Time sides in alternating rounds, print and return a row for each.

    Args:
        sides: Sides by name.
        rounds: Number of rounds. Two calls before, which trace and compile, are not among them.
        measure: Name of the side to which ratios are taken, within a round.
        starts: How often all sides are started, for `rounds` each time: what allocators hold on to differs between
            processes of one program. Peak memory and the time of the first call are medians over them.
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    first: dict[str, list[float]] = {name: [] for name in sides}
    peaks: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(starts):
        with contextlib.ExitStack() as stack:
            processes = {}
            for name, side in sides.items():
                processes[name] = stack.enter_context(Process(name, side))
                first[name].append(processes[name].act())
                processes[name].act()
            for _ in range(rounds):
                for name, process in processes.items():
                    times[name].append(process.act())
            for name, process in processes.items():
                peaks[name].append(process.end())
    rows = []
    for name, t in times.items():
        held = round(statistics.median(peaks[name]) / 2**20)
        row = {
            **summary_of(name, t, times[measure]),
            "first_s": round(statistics.median(first[name]), 1),
            "peak_mb": held,
        }
        rows.append(row)
        print(
            f"{name:38}{row['median_ms']:9.1f} ms {row['ratio']:7.3f} x   first {row['first_s']:5.1f} s   {held:,} MB"
        )
    return rows
