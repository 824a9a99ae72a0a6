"""The process of one side of a comparison, see `benchmarks.sides`: makes what is timed, and acts when it is told to.

It runs in checkouts of other commits: of the standard library alone.
"""

import json
import os
import re
import runpy
import sys
import time
from pathlib import Path
from typing import Any, TextIO


def work(file: str, function: str, arguments: dict[str, Any], answers: TextIO) -> None:
    """Make what is timed; then answer each line of the input by a number."""
    act = runpy.run_path(file)[function](**arguments)
    before = _memory("VmRSS")
    for line in sys.stdin:
        if line.strip() == "end":
            print(_memory("VmHWM") - before, file=answers)
            return
        start = time.perf_counter()
        act()
        print(time.perf_counter() - start, file=answers)


def _memory(name: str) -> int:
    """Bytes of this process."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return 1024 * int(found.group(1))


if __name__ == "__main__":
    # Whatever libraries print goes where messages go.
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    work(*json.loads(sys.argv[1]), channel)
