"""Run folders that explain themselves: what was asked for, with which versions, and what came out."""

import json
import platform
import shlex
import sys
from pathlib import Path

import cv2
import keras
import numpy as np

import a2u_tf
from a2u_tf.files import replaced


class RunFolderError(ValueError):
    """A run folder that belongs to another job."""


def open_run_folder(run_dir, settings):
    """Make the folder, or return to it: `settings` must be those that it was made with.

    Raises:
        RunFolderError: Where the folder holds a run with other settings, or other files.
    """
    folder = Path(run_dir)
    path = folder / "settings.json"
    if path.exists():
        before = json.loads(path.read_text())
        changed = {
            name: f"{before.get(name)!r} before, {settings.get(name)!r} now"
            for name in sorted(before.keys() | settings.keys())
            if before.get(name) != settings.get(name)
        }
        if changed:
            raise RunFolderError(
                f"The run folder {folder} was made with other settings: {changed}. Give the same flags to go on with "
                "it, or another --run_dir."
            )
        return folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunFolderError(f"{folder} exists and is no run folder (no settings.json). Give another --run_dir.")
    write_json(path, settings)
    write_json(folder / "versions.json", versions())
    return folder


def versions():
    """Versions of everything that shapes a result, as a dict."""
    backend = keras.backend.backend()
    module = __import__({"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}[backend])
    return {
        "a2u_tf": a2u_tf.__version__,
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": backend,
        backend: module.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def command_line(module):
    """The command that started this process, as a person would type it."""
    return shlex.join(["python", "-m", module, *sys.argv[1:]])


def write_json(path, content):
    """Write `content` as JSON through a temporary name."""
    with replaced(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")
