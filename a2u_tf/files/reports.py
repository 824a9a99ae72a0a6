"""What reports hold: tables for people to read, also without rendering, and versions of what is installed."""

import importlib.metadata
import platform
from collections.abc import Sequence

import keras

from a2u_tf.version import __version__


def markdown_table(rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    """Return texts, the header and rows of one length, as a Markdown table; `numeric` columns are aligned right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligns = [str.rjust if right else str.ljust for right in numeric]
    lines = [
        " | ".join(align(cell, width) for align, cell, width in zip(aligns, row, widths, strict=True)) for row in rows
    ]
    rule = "|".join("-" * (width + 1) + (":" if right else "-") for width, right in zip(widths, numeric, strict=True))
    return "\n".join([f"| {lines[0]} |", f"|{rule}|", *(f"| {line} |" for line in lines[1:])])


def versions() -> dict[str, str]:
    """Return the versions of everything that shapes a result, and the Keras backend."""
    backend = keras.backend.backend()
    found = {package: package_version(package) for package in ("keras", backend, "numpy", "opencv-python-headless")}
    return {"a2u_tf": __version__, "python": platform.python_version(), "backend": backend, **found}


def package_version(package: str) -> str:
    """Return the version of an installed package, or `"not installed"`."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
