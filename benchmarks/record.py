"""What every benchmark file says of the run that made it: commit, versions, device, load."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from a2u_tf.files import versions


def describe_run() -> dict[str, Any]:
    """Return a dict with the commit, the versions, the processor and the load of the machine."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "commit": commit.stdout.strip() or "unknown",
        "versions": versions(),
        "device": {"processor": _processor(), "cores": os.cpu_count(), "machine": platform.machine()},
        "load_average": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
