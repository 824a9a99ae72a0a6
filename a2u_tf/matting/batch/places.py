"""Where pictures and mattes lie: plain paths and URIs, such as s3://bucket/photo.jpg, as pyarrow's file systems.

What lies in an output is finished work. Every file is written to the folder `_temporary` there and moved into place
when it is whole. Files of the job begin with _, which readers of Parquet folders leave out.
"""

import contextlib
import csv
import functools
import io
import json
import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
from pyarrow import fs

FAILURES, SETTINGS, TEMPORARY = "_failures.csv", "_settings.json", "_temporary"
FAILURE_COLUMNS = ("name", "image", "trimap", "error")


def absolute(uri: str) -> str:
    """Return a plain path from the root of the disk, as workers may have another working directory; a URI as it is."""
    return uri if "://" in uri else os.path.abspath(uri)


def join(folder: str, name: str) -> str:
    """Return the URI or path of a file in a folder; the name is quoted where it becomes part of a URI."""
    return f"{folder.rstrip('/')}/{quote(name, errors='surrogateescape') if '://' in folder else name}"


def locate(uri: str) -> tuple[fs.FileSystem, str]:
    """Return `(file system, path in it)` of a URI or an absolute path; a scheme that pyarrow lacks is a ValueError."""
    if "://" not in uri:
        return fs.LocalFileSystem(), uri
    parts = urlsplit(uri)
    files, root = _filesystem(f"{parts.scheme}://{parts.netloc}/" + (f"?{parts.query}" if parts.query else ""))
    return files, root.rstrip("/") + unquote(parts.path, errors="surrogateescape")


# A bucket's file system holds its connections: one a process.
_filesystem = functools.lru_cache(fs.FileSystem.from_uri)


@contextlib.contextmanager
def as_local_file(uri: str) -> Iterator[str]:
    """Yield a path on this machine: the file itself, or a copy that is deleted afterwards. Errors name the URI."""
    files, path = locate(uri)
    if isinstance(files, fs.LocalFileSystem):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy" + PurePosixPath(path).suffix)
        with files.open_input_stream(path) as stream:
            copy.write_bytes(stream.read())
        try:
            yield str(copy)
        except ValueError as error:
            raise type(error)(str(error).replace(str(copy), uri)) from error


class PngFolder:
    """A folder of mattes as files NAME.png; each is in its place as soon as it is written."""

    batch_size: int | None = None  # how many mattes are written at once, where that makes a difference

    def __init__(self, uri: Path | str) -> None:
        self.uri = absolute(str(uri)).rstrip("/")

    @property
    def files(self) -> fs.FileSystem:
        files, path = locate(self.uri)
        return fs.SubTreeFileSystem(path, files)

    def prepare(self, settings: Mapping[str, str | float]) -> None:
        """Make the folder, delete what a killed job left half written, and note what makes the mattes here.

        The table of failures is deleted, too: one that lies here is that of the last job that came to its end.
        """
        whole, path = locate(self.uri)
        if whole.get_file_info(path).type == fs.FileType.File:
            raise NotADirectoryError(f"Expected a folder to write into. Received: {self.uri}, a file")
        files, text, old = self.files, json.dumps(settings, indent=2) + "\n", self._exists(SETTINGS)
        if old:
            with files.open_input_stream(SETTINGS) as stream:
                found = stream.read().decode()
            if found != text:
                raise ValueError(
                    f"{self.uri} holds mattes that were made otherwise: {' '.join(found.split())}, now it would be "
                    f"{' '.join(text.split())}. Choose a new output."
                )
        for name, delete in ((TEMPORARY, files.delete_dir), (FAILURES, files.delete_file)):
            if not self._exists(name):
                continue
            if not old:
                raise ValueError(
                    f"{path}/{name} is of no job, as there is no {SETTINGS} beside it: it would be deleted. Move it "
                    "away, or choose a new output."
                )
            delete(name)
        files.create_dir(TEMPORARY)
        self._put(SETTINGS, text.encode())

    def finished(self) -> set[str]:
        """Return the names whose mattes are here."""
        found = self.files.get_file_info(fs.FileSelector("", recursive=True))
        # After a power cut a file may be there without its content.
        return {info.path.removesuffix(".png") for info in found if info.extension == "png" and info.size}

    def write(self, mattes: Mapping[str, bytes]) -> str:
        """Write PNG files, given as bytes by name, in a worker; return what to `commit`, "" where there is nothing."""
        for name, png in mattes.items():
            # A worker may have died after it wrote this one, and Ray repeats all that it was given.
            if not self.files.get_file_info(f"{name}.png").size:
                self._put(f"{name}.png", png)
        return ""

    def commit(self, part: str) -> None:
        """Move what `write` wrote into its place: the one process that leads the job does, so that nothing is twice."""
        self._move(part, f"part-{part}.parquet")

    def write_failures(self, failures: Iterable[Mapping[str, str]]) -> None:
        """Replace the table of the pictures that failed by one of these dicts."""
        text = io.StringIO()
        table = csv.DictWriter(text, FAILURE_COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(failures)
        self._put(FAILURES, text.getvalue().encode(errors="backslashreplace"))

    def close(self) -> None:
        """Delete the folder of temporary files."""
        self.files.delete_dir(TEMPORARY)

    def _exists(self, name: str) -> bool:
        return bool(self.files.get_file_info(name).type != fs.FileType.NotFound)

    def _put(self, name: str, data: bytes) -> None:
        self._move(self._write_temporary(data), name)

    def _write_temporary(self, data: bytes | pa.Buffer) -> str:
        name = uuid.uuid4().hex
        with self.files.open_output_stream(f"{TEMPORARY}/{name}") as stream:
            stream.write(data)
        return name

    def _move(self, temporary: str, name: str) -> None:
        if "/" in name:
            self.files.create_dir(name.rpartition("/")[0])
        self.files.move(f"{TEMPORARY}/{temporary}", name)


class ParquetParts(PngFolder):
    """Mattes as rows of files part-*.parquet: their `name`, and `alpha`, the bytes of a PNG file."""

    batch_size = 128

    def finished(self) -> set[str]:
        found = self.files.get_file_info(fs.FileSelector(""))
        if not (parts := [info.path for info in found if info.base_name.startswith("part-")]):
            return set()
        names = pyarrow.dataset.dataset(parts, format="parquet", filesystem=self.files).to_table(columns=["name"])
        return set(names["name"].to_pylist())

    def write(self, mattes: Mapping[str, bytes]) -> str:
        if not mattes:
            return ""
        schema = pa.schema([("name", pa.string()), ("alpha", pa.large_binary())])
        table = pa.table({"name": list(mattes), "alpha": list(mattes.values())}, schema=schema)
        data = pa.BufferOutputStream()
        pq.write_table(table, data, compression="none")  # PNG is compressed
        return self._write_temporary(data.getvalue())


def open_output(uri: Path | str) -> PngFolder:
    """Return the output of a URI or path: `ParquetParts` where it ends in .parquet, else `PngFolder`."""
    return (ParquetParts if str(uri).rstrip("/").endswith(".parquet") else PngFolder)(uri)
