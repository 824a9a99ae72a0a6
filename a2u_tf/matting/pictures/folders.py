"""Folders of pictures: what is in them, whether it fits, and all that is wrong with them in one message."""

import concurrent.futures
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from a2u_tf.files import printable
from a2u_tf.matting.pictures.formats import PictureError, PictureHeader, read_header

ENDINGS = tuple(
    [".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".bmp", ".gif"]
)
# Pictures, too, which are named rather than passed over.
OTHER_ENDINGS = tuple(
    [".arw", ".cr2", ".cr3", ".dng", ".exr", ".jp2", ".jxl", ".nef", ".orf", ".psd", ".raf", ".rw2", ".svg", ".tga"]
)
MAX_PROBLEMS = 20


class Problems:
    """Collects what is wrong with a data set, in `lines`, to be raised at once."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.lines: list[str] = []

    def add(self, line: str | Exception) -> None:
        """Note one problem."""
        self.lines.append(printable(str(line)))

    def add_error(self, error: Exception, *paths: Path | str) -> None:
        """Note what was raised at a picture, in one line that names one of its paths."""
        text = in_one_line(error, *paths)
        self.add(text if any(printable(path) in text for path in paths) else f"{paths[0]}: {text}")

    def stop_if_any(self) -> None:
        """Raise `PictureError` with the first problems and the number of the others."""
        lines = self.lines[:MAX_PROBLEMS]
        if more := len(self.lines) - len(lines):
            lines.append(f"and {more} more")
        if lines:
            raise PictureError("\n  ".join([f"{self.folder} cannot be used as it is:", *lines]))


def in_one_line(error: Exception, *paths: Path | str) -> str:
    """Return the text of an exception in one line, with its type where that is not one of bad input.

    Newlines are those of the text, or escaped where they are of one of the paths.
    """
    text = str(error)
    for path in paths:
        text = text.replace(str(path), printable(path))
    text = printable(re.sub(r" *[\r\n\t]\s*", " ", text).strip()) or type(error).__name__
    return text if isinstance(error, (ValueError, OSError)) else f"{type(error).__name__}: {text}"


def subfolders(folder: Path | str, *names: str) -> list[Path]:
    """Return `folder/name` for all names, or raise `FileNotFoundError` with all that are missing."""
    found = [Path(folder, name) for name in names]
    if missing := [str(path) for path in found if not path.is_dir()]:
        raise FileNotFoundError(
            f"{folder} must hold the folders {', '.join(names)}. Missing: {', '.join(missing)}. Is it the right folder?"
        )
    return found


def list_pictures(folder: Path | str, problems: Problems) -> list[Path]:
    """Return the pictures of a folder, by their endings, in the order of their names; sub-folders are not entered.

    Hidden files and those of no picture format are left out; other picture formats and an empty folder are problems.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"Expected a folder of pictures. There is no folder {folder}.")
    files = [path for path in sorted(Path(folder).iterdir()) if not (path.name.startswith(".") or path.is_dir())]
    for path in files:
        if path.suffix.lower() in OTHER_ENDINGS:
            problems.add(unreadable_format(path))
    paths = [path for path in files if path.suffix.lower() in ENDINGS]
    if not paths:
        problems.add(f"{folder} holds no pictures ending in {', '.join(ENDINGS)}.")
    return paths


def unreadable_format(path: Path | str) -> str:
    """Say that a file is a picture that no reader here reads."""
    return f"{path} is of a format that is not read. Export it as PNG or JPEG, or move it away."


def pictures_by_name(folder: Path | str, problems: Problems) -> dict[str, Path]:
    """Return the pictures of `list_pictures` by their names without ending; a name that occurs twice is a problem."""
    pictures = group_by_name(list_pictures(folder, problems))
    for paths in pictures.values():
        if len(paths) > 1:
            problems.add(same_name(paths))
    return {name: paths[0] for name, paths in pictures.items()}


def group_by_name(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Return lists of paths by their names without ending, in one Unicode form: some systems take the é apart."""
    pictures: dict[str, list[Path]] = {}
    for path in paths:
        pictures.setdefault(unicodedata.normalize("NFC", path.stem), []).append(path)
    return pictures


def same_name(paths: Iterable[Path | str]) -> str:
    """Say that pictures of one folder have the same name."""
    return f"{' and '.join(map(str, paths))} have the same name, so that none is used. Move all but one of them away."


def read_headers(paths: Iterable[Path], problems: Problems) -> dict[Path, PictureHeader]:
    """Return the `PictureHeader` of each file by its path; files that cannot be read are problems."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:  # waits for the disk more than it computes
        found = {path: pool.submit(read_header, path) for path in dict.fromkeys(paths)}
    headers = {}
    for path, header in found.items():
        try:
            headers[path] = header.result()
        except (PictureError, OSError) as error:
            problems.add(error)
    return headers


def check_sizes(groups: list[list[Path]], problems: Problems) -> None:
    """Note files that cannot be read, and groups of files that are not all of one size."""
    headers = read_headers((path for group in groups for path in group), problems)
    for group in groups:
        sizes = {path: headers[path].size for path in group if path in headers}
        if len(set(sizes.values())) > 1:
            listed = ", ".join(f"{path} is {size}" for path, size in sizes.items())
            problems.add(f"Sizes (height, width) differ: {listed}.")


def check_trimap_size(
    image: Path | str, size: tuple[int, ...], trimap: Path | str, trimap_size: tuple[int, ...]
) -> None:
    """Raise `PictureError` where the `(height, width)` of a trimap is not that of its picture."""
    if size == trimap_size:
        return
    way_out = "Resize the trimap to the picture, or find the one that belongs to it."
    if size == trimap_size[::-1]:
        way_out = "Is the picture turned by its EXIF data? Then turn the trimap as well."
    raise PictureError(f"Sizes (height, width) differ: {image} is {size}, {trimap} is {trimap_size}. {way_out}")
