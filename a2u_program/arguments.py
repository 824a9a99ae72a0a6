"""Arguments that several commands take."""

import argparse
import re
from collections.abc import Iterable


def positive_integer(text: str) -> int:
    """Read a whole number of at least 1, as argparse's `type`."""
    if not (text.isdecimal() and len(text) <= 9 and int(text)):
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 to 999999999, received {text!r}")
    return int(text)


def box(text: str) -> tuple[int, ...]:
    """Read `X,Y,WIDTH,HEIGHT` in pixels, as argparse's `type`."""
    numbers = text.split(",")
    if len(numbers) != 4 or not all(n.isdecimal() and len(n) <= 9 for n in numbers) or 0 in map(int, numbers[2:]):
        raise argparse.ArgumentTypeError(f"expected X,Y,WIDTH,HEIGHT in pixels, received {text!r}")
    return tuple(map(int, numbers))


def parse_named_folders(option: str, values: Iterable[str]) -> dict[str, str]:
    """Return a dict from names to folders, of values `NAME=FOLDER`, for methods that are set side by side.

    Raises:
        ValueError: For other values, for a name that comes twice and for none.
    """
    folders: dict[str, str] = {}
    for value in values:
        name, _, folder = value.partition("=")
        if not folder or not re.fullmatch(r"\w[\w .+-]*", name):
            raise ValueError(
                f"{option} must be NAME=FOLDER, the name of letters, digits, spaces and . + - _. Received: {value}"
            )
        if name in folders:
            raise ValueError(f"{option} names {name} twice: {folders[name]} and {folder}.")
        folders[name] = folder
    if not folders:
        raise ValueError(f"Give {option} NAME=FOLDER, once for each method.")
    return folders
