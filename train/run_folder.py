"""Run folders that explain themselves: what was asked for, with which versions, and what came out."""

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from a2u_tf.files import versions, write_json


class RunFolderError(ValueError):
    """A run folder that belongs to another job."""


def check_run_folder(run_dir: Path | str, settings: Mapping[str, Any], flag: str = "--run_dir") -> Path:
    """Return the folder of a run that begins or goes on: `settings` must be those that it was made with.

    Errors name the flag that it was given by.

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
                f"it, or another {flag}."
            )
        return folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunFolderError(f"{folder} exists and is no run folder (no settings.json). Give another {flag}.")
    return folder


def describe_run(folder: Path, settings: Mapping[str, Any]) -> None:
    """Make the folder and write into it what it is: when all that the run needs has been found, not before."""
    write_json(folder / "versions.json", versions())
    write_json(folder / "settings.json", settings)


def command_line(module: str) -> str:
    """The command that started this process, as a person would type it."""
    return shlex.join(["python", "-m", module, *sys.argv[1:]])
