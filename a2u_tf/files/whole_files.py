"""Files that are either whole or not there: written under a temporary name, then renamed."""

import contextlib
import json
import os
import secrets
import unicodedata
import zlib
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path

import numpy as np

from a2u_tf.types import Array

PNG_BEGINNING = 33  # bytes, to the end of the header


@contextlib.contextmanager
def replaced(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`, with its ending, which takes its place on success; errors name `path`."""
    place = Path(os.path.realpath(Path(path).parent), Path(path).name)  # of "new/../x" no folder "new" is made
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(place)
    try:
        yield temporary
        os.replace(temporary, place)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary), temporary):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def temporary_path(path: Path) -> Path:
    """Return a new hidden name beside `path`, with its ending: short, as a name may be as long as its system takes."""
    # Nobody can foresee it and lay a link there that leads out of the folder.
    return path.with_name(f".{secrets.token_hex(8)}.{path.name[-len('.weights.h5') :]}")


def write_text(path: Path | str, text: str) -> None:
    """Write `text` to `path`; bytes of a file's name that are no text are escaped."""
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: Path | str, content: object) -> None:
    """Write `content` to `path` as indented JSON."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def printable(text: Path | str) -> str:
    """Return a path or one line of text with its control characters escaped, among them newlines."""
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char
        for char in str(text)
    )


def identity(path: Path | str) -> Hashable:
    """Return what tells a file from others, the same by whatever name or link it is reached, however that is spelt."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.realpath(path)  # which, unlike `Path.resolve`, takes links that lead in circles
    return status.st_dev, status.st_ino


def check_not_inputs(outputs: Iterable[Path | str], inputs: Iterable[Path | str]) -> None:
    """Raise `ValueError` where one of the paths `outputs` is the file of one of the paths `inputs`."""
    known = {identity(path) for path in inputs}
    for path in outputs:
        if identity(path) in known:
            raise ValueError(f"{path} is an input: it would be overwritten. Name another output.")


def write_png(path: Path | str, levels: Array, profile: bytes | None = None, fast: bool = False) -> None:
    """Write a picture as a PNG file, whose path must end in `.png`; the file is whole or not there.

    Args:
        levels: uint8 or uint16, grey of shape `(H, W)`, RGB of shape `(H, W, 3)`, or RGBA of shape `(H, W, 4)`.
        profile: ICC profile of the colours, bytes; None for sRGB.
        fast: Whether to look for runs of levels alone. Photographs grow little by that; drawings become four times as
            large.
    """
    import cv2  # here: most who write files write no pictures
    from PIL import PngImagePlugin

    if Path(path).suffix.lower() != ".png":
        raise ValueError(f"`path` must end in .png, the format that is written. Received: {path}")
    if levels.dtype not in (np.uint8, np.uint16) or levels.shape[2:] not in ((), (3,), (4,)) or not levels.size:
        raise ValueError(
            f"{path} must be made of uint8 or uint16 of shape (H, W), (H, W, 3) or (H, W, 4). Received: {levels.dtype} "
            f"of shape {levels.shape}"
        )
    orders = {(3,): cv2.COLOR_RGB2BGR, (4,): cv2.COLOR_RGBA2BGRA}
    try:
        ordered = cv2.cvtColor(levels, orders[levels.shape[2:]]) if levels.ndim > 2 else levels
        encoded, png = cv2.imencode(".png", ordered, [] if fast else [cv2.IMWRITE_PNG_COMPRESSION, 6])
    except cv2.error as error:
        raise ValueError(f"{path} of {levels.shape[:2]} pixels cannot be encoded: {error.err}") from error
    if not encoded:
        raise ValueError(f"{path} of {levels.shape[:2]} pixels is too large for PNG, whose sides are up to 10**6.")
    data = png.tobytes()
    with replaced(path) as temporary, open(temporary, "wb") as file:
        file.write(data[:PNG_BEGINNING])
        if profile:
            PngImagePlugin.putchunk(file, b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))
        file.write(data[PNG_BEGINNING:])
