"""Which pictures are to be matted with which trimaps, from two folders or from a Parquet table."""

import collections
import functools
import os
import unicodedata
from collections.abc import Hashable, Iterable
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from a2u_tf.files import identity
from a2u_tf.matting.batch.places import absolute, join, locate
from a2u_tf.matting.pictures.folders import ENDINGS, MAX_PROBLEMS, OTHER_ENDINGS, same_name, unreadable_format

COLUMNS = ("name", "image", "trimap")
_SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])
MAX_NAME = 251  # bytes of a part of a name: file systems hold 255, and .png is added


def pictures_in_folders(image: str, trimap: str) -> tuple[pa.Table, list[dict[str, str]]]:
    """Pair the pictures of two folders, paths or URIs, by their names without endings; the pictures are not read.

    Returns `(pictures, failures)`: a table of the strings `COLUMNS`; and, for what has no partner, another format, the
    name of another picture or one that no matte can have, dicts of the same keys and `error`.
    """
    failures: list[dict[str, str]] = []
    images, trimaps = (
        _by_name(absolute(folder), column, failures) for folder, column in ((image, "image"), (trimap, "trimap"))
    )
    rows = []
    for name in sorted(images.keys() | trimaps.keys()):
        found = images.get(name, []), trimaps.get(name, [])
        row = dict(zip(COLUMNS, (name, *(paths[0] if paths else "" for paths in found)), strict=True))
        if twice := next((paths for paths in found if len(paths) > 1), None):
            failures.append(row | {"error": same_name(twice)})
        elif not all(found):
            failures.append(row | {"error": f"{row['image'] or row['trimap']} has no partner."})
        elif reason := _why_no_name(name):
            failures.append(row | {"error": f"{name!r} {reason}. Give the picture another name."})
        else:
            rows.append(row)
    if not rows and not failures:
        raise ValueError(f"{image} holds no pictures ending in {', '.join(ENDINGS)}.")
    return pa.Table.from_pylist(rows, _SCHEMA), failures


def pictures_in_table(uri: str) -> pa.Table:
    """Read a Parquet file, or a folder of them, with the columns `image` and `trimap`, and `name` if it has one.

    The pictures in it are URIs or paths, which begin at the working directory. Without a column `name`, they have their
    files' names without ending. Names that are missing, occur twice or would lead out of a folder are a `ValueError`.
    """
    files, path = locate(absolute(uri))
    if files.get_file_info(path).type == fs.FileType.NotFound:
        raise FileNotFoundError(f"There is no {uri}.")
    try:
        found = pq.ParquetDataset(path, filesystem=files).schema.names
        if missing := [name for name in ("image", "trimap") if name not in found]:
            raise ValueError(f"it has no column {' and no column '.join(missing)}, only {', '.join(found)}")
        table = pq.read_table(path, filesystem=files, columns=[name for name in COLUMNS if name in found])
        columns = {name: table[name].cast(pa.string()).to_pylist() for name in table.column_names}
    except (ValueError, pa.ArrowException) as error:
        raise ValueError(f"{uri} is no Parquet table of the columns image and trimap: {error}") from error
    for name, values in columns.items():
        if not all(values):
            row = next(row for row, value in enumerate(values) if not value)
            raise ValueError(f"{uri} has no {name} in row {row}, counted from 0.")
    images, trimaps = ([absolute(path) for path in columns[name]] for name in ("image", "trimap"))
    names = columns.get("name") or [PurePosixPath(path).stem for path in images]
    problems = [f"{name!r} {reason}" for name in names if (reason := _why_no_name(name))]
    counts = collections.Counter(unicodedata.normalize("NFC", name) for name in names)
    problems += [f"{name!r} is the name of {count} pictures" for name, count in counts.items() if count > 1]
    if more := problems[MAX_PROBLEMS:]:
        problems[MAX_PROBLEMS:] = [f"and {len(more)} more"]
    if problems:
        lines = "\n  ".join(problems)
        raise ValueError(
            f"Each matte needs a name of its own, for a file in the output. Give others in a column `name`:\n  {lines}"
        )
    return pa.table([names, images, trimaps], schema=_SCHEMA)


def check_outputs(pictures: pa.Table, output: str, folders: Iterable[str] = ()) -> None:
    """Raise `ValueError` where mattes in the folder `output` would lie where inputs are.

    In `folders`, which the pictures were found in, the next job would take mattes for pictures.
    """
    inputs = {_place(uri) for column in ("image", "trimap") for uri in pictures[column].to_pylist()}
    for name in pictures["name"].to_pylist():
        if _place(path := join(output, f"{name}.png")) in inputs:
            raise ValueError(f"{path} is an input: it would be taken for finished work. Name another output.")
    if _folder_identity(output) in {_folder_identity(absolute(folder).rstrip("/")) for folder in folders}:
        raise ValueError(f"{output} is an input: the next job would take mattes for pictures. Name another output.")


def _place(uri: str) -> tuple[Hashable, str]:
    """Return what tells a file in a folder from others, without a look at the file: there may be millions."""
    folder, _, name = uri.rpartition("/")
    return _folder_identity(folder), unicodedata.normalize("NFC", name).casefold()


@functools.lru_cache
def _folder_identity(uri: str) -> Hashable:
    files, path = locate(uri)
    return identity(path) if isinstance(files, fs.LocalFileSystem) else uri


def _by_name(folder: str, column: str, failures: list[dict[str, str]]) -> dict[str, list[str]]:
    """Return lists of the URIs of pictures by their names; sub-folders and hidden files are left out."""
    files, path = locate(folder)
    if files.get_file_info(path).type != fs.FileType.Directory:
        raise FileNotFoundError(f"Expected a folder of pictures. There is no folder {folder}.")
    if isinstance(files, fs.LocalFileSystem):  # pyarrow stops at names that are no UTF-8
        names = [entry.name for entry in os.scandir(path) if entry.is_file()]
    else:
        names = [info.base_name for info in files.get_file_info(fs.FileSelector(path)) if info.is_file]
    found: dict[str, list[str]] = {}
    for file in sorted(name for name in names if not name.startswith(".")):
        uri, name, ending = join(folder, file), PurePosixPath(file).stem, PurePosixPath(file).suffix.lower()
        if ending in OTHER_ENDINGS:
            row = {"name": name, "image": "", "trimap": "", column: uri}
            failures.append(row | {"error": unreadable_format(uri)})
        elif ending in ENDINGS:
            found.setdefault(unicodedata.normalize("NFC", name), []).append(uri)
    return found


def _why_no_name(name: str) -> str | None:
    """Say why a name cannot be a relative path below the output; None where it can."""
    for part in name.split("/"):
        if part in ("", "..") or "\\" in part or not part.isprintable():
            return "is no plain file name, nor a path of such names"
        if part[0] in "._":
            return "begins a part with . or _, which are kept for files of the job"
        if len(part.encode()) > MAX_NAME:
            return f"is longer than {MAX_NAME} bytes"
    return None
