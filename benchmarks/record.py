"""What every benchmark file says of the run that made it: commit, versions, device, load."""

import json
import os
import platform
import subprocess
from pathlib import Path

import keras
import numpy as np


def describe_run():
    """Return a dict with the commit, the versions, the processor and the load of the machine."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    versions = {"python": platform.python_version(), "keras": keras.__version__, "numpy": np.__version__}
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        versions["tensorflow"] = tf.__version__
    return {
        "commit": commit.stdout.strip() or "unknown",
        "versions": versions,
        "backend": keras.backend.backend(),
        "device": {"processor": _processor(), "cores": os.cpu_count(), "machine": platform.machine()},
        "load_average": round(os.getloadavg()[0], 2),
    }


def write_json(path, content):
    """Write `content` to `path` through a temporary name."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(content, indent=2) + "\n")
    os.replace(temporary, path)


def _processor():
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
