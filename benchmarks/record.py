"""What every benchmark file says of the run that made it: commit, versions, device, load."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from a2u_tf.files import versions


def describe_run() -> dict[str, Any]:
    """Return a dict with the commit, the versions, the processor and the load of the machine."""
    return {
        "commit": describe_commit(Path(__file__).parent),
        "versions": versions(),
        "device": {"processor": _processor(), "cores": os.cpu_count(), "machine": platform.machine()},
        "load_average": round(os.getloadavg()[0], 2),
    }


def describe_commit(folder: Path) -> str:
    """Return the commit of the checkout that a folder lies in, `"-dirty"` behind it where files differ."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return run.stdout.strip() or "unknown"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
