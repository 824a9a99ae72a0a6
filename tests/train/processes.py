"""Scripts of trainings in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def script(name, *arguments):
    """Start `python -m train.NAME`."""
    command = [sys.executable, "-m", f"train.{name}", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(name, *arguments):
    """Return the output of a script that must end well."""
    process = script(name, *arguments)
    output, _ = process.communicate(timeout=500)
    assert process.returncode == 0, output
    return output


def refused(name, *arguments):
    """Return the output of a script that must end with an error that is no traceback."""
    process = script(name, *arguments)
    output, _ = process.communicate(timeout=300)
    assert process.returncode != 0
    assert "Traceback" not in output
    return output


def kill_at(process, folder, backup, delay=0.0):
    """Kill a training by SIGKILL some time after a backup is there; return whether it was still alive."""
    deadline = time.time() + 500
    while process.poll() is None and not list(folder.glob(f"backup/{backup}")) and time.time() < deadline:
        time.sleep(0.02)
    time.sleep(delay)
    alive = process.poll() is None
    if alive:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    return alive
