"""Flags of the form NAME=FOLDER, for methods that are set side by side."""

import re

from absl import app


def parse_named_folders(flag, values):
    """Return a dict from names to folders, of values `NAME=FOLDER`.

    Raises:
        absl.app.UsageError: For other values, for a name that comes twice and for none.
    """
    folders: dict[str, str] = {}
    for value in values:
        name, _, folder = value.partition("=")
        if not folder or not re.fullmatch(r"\w[\w .+-]*", name):
            raise app.UsageError(
                f"--{flag} must be NAME=FOLDER, the name of letters, digits, spaces and . + - _. Received: {value}"
            )
        if name in folders:
            raise app.UsageError(f"--{flag} names {name} twice: {folders[name]} and {folder}.")
        folders[name] = folder
    if not folders:
        raise app.UsageError(f"Give --{flag}=NAME=FOLDER, once for each method.")
    return folders
