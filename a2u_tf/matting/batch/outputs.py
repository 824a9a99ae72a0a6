"""Where many mattes go: a folder of PNG files, or a Parquet data set of them. What lies there is finished work.

Every file is written to the folder `_temporary` of the output and moved into place when it is whole. Files of the job
begin with _, which readers of Parquet folders leave out.
"""

import abc
import csv
import io
import json
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
from pyarrow import fs

from a2u_tf.matting.batch.uris import absolute, locate

FAILURES, SETTINGS, TEMPORARY = "_failures.csv", "_settings.json", "_temporary"
FAILURE_COLUMNS = ("name", "image", "trimap", "error")


class Output(abc.ABC):
    """A folder for mattes.

    Attributes:
        uri: Absolute path or URI of the folder.
        batch_size: How many pictures are written at once; None where that makes no difference.
    """

    batch_size: int | None = None

    def __init__(self, uri: Path | str) -> None:
        self.uri = absolute(str(uri)).rstrip("/")

    def prepare(self, settings: Mapping[str, str | float]) -> None:
        """Make the folder, delete what a killed job left half written, and note what makes the mattes here.

        The table of failures is deleted, too: one that lies here is that of the last job that came to its end.

        Args:
            settings: Strings and numbers by name.

        Raises:
            ValueError: Where mattes of other settings lie here, or files of such names that are of no job.
            OSError: Where the folder cannot be written to.
        """
        files, path = locate(self.uri)
        if self._type("") == fs.FileType.File:
            raise NotADirectoryError(f"Expected a folder to write into. Received: {self.uri}, a file")
        new = self._type(SETTINGS) == fs.FileType.NotFound
        for name in (TEMPORARY, FAILURES):
            if new and self._type(name) != fs.FileType.NotFound:
                raise ValueError(
                    f"{path}/{name} is of no job, as there is no {SETTINGS} beside it: it would be deleted. Move it "
                    "away, or choose a new output."
                )
        if self._type(TEMPORARY) == fs.FileType.Directory:
            files.delete_dir(f"{path}/{TEMPORARY}")
        files.create_dir(f"{path}/{TEMPORARY}", recursive=True)
        if self._type(FAILURES) == fs.FileType.File:
            files.delete_file(f"{path}/{FAILURES}")
        text = json.dumps(settings, indent=2) + "\n"
        if new:
            self._put(SETTINGS, text.encode())
        with files.open_input_stream(f"{path}/{SETTINGS}") as stream:
            found = stream.read().decode()
        if found != text:
            raise ValueError(
                f"{self.uri} holds mattes that were made otherwise: {' '.join(found.split())}, now it would be "
                f"{' '.join(text.split())}. Choose a new output."
            )

    @abc.abstractmethod
    def finished(self) -> set[str]:
        """Return the set of names whose mattes are here."""

    @abc.abstractmethod
    def write(self, mattes: Mapping[str, bytes]) -> str:
        """Write PNG files, given as bytes by name, in a worker; return what to `commit`, "" where there is nothing."""

    def commit(self, part: str) -> None:
        """Move what `write` wrote into its place.

        The one process that leads the job does this, so that nothing is here twice.
        """
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
        files, path = locate(self.uri)
        files.delete_dir(f"{path}/{TEMPORARY}")

    def _type(self, name: str) -> fs.FileType:
        files, path = locate(self.uri)
        return files.get_file_info(f"{path}/{name}".rstrip("/")).type

    def _put(self, name: str, data: bytes) -> None:
        self._move(self._write_temporary(data), name)

    def _write_temporary(self, data: bytes | pa.Buffer) -> str:
        """Write to a new temporary file and return its name."""
        files, path = locate(self.uri)
        name = uuid.uuid4().hex
        with files.open_output_stream(f"{path}/{TEMPORARY}/{name}") as stream:
            stream.write(data)
        return name

    def _move(self, temporary: str, name: str) -> None:
        files, path = locate(self.uri)
        if "/" in name:
            files.create_dir(f"{path}/{name.rpartition('/')[0]}", recursive=True)
        files.move(f"{path}/{TEMPORARY}/{temporary}", f"{path}/{name}")


class PngFolder(Output):
    """Mattes as files NAME.png; each is in its place as soon as it is written."""

    def finished(self) -> set[str]:
        files, path = locate(self.uri)
        found = files.get_file_info(fs.FileSelector(path, recursive=True))
        # After a power cut a file may be there without its content.
        return {info.path[len(path) + 1 : -4] for info in found if info.extension == "png" and info.size}

    def write(self, mattes: Mapping[str, bytes]) -> str:
        files, path = locate(self.uri)
        for name, png in mattes.items():
            # A worker may have died after it wrote this one, and Ray repeats all that it was given.
            if not files.get_file_info(f"{path}/{name}.png").size:
                self._put(f"{name}.png", png)
        return ""


class ParquetParts(Output):
    """Mattes as rows of files part-*.parquet: their `name`, and `alpha`, the bytes of a PNG file."""

    batch_size = 128

    def finished(self) -> set[str]:
        files, path = locate(self.uri)
        parts = [info.path for info in files.get_file_info(fs.FileSelector(path)) if info.base_name.startswith("part-")]
        if not parts:
            return set()
        names = pyarrow.dataset.dataset(parts, format="parquet", filesystem=files).to_table(columns=["name"])
        return set(names["name"].to_pylist())

    def write(self, mattes: Mapping[str, bytes]) -> str:
        if not mattes:
            return ""
        schema = pa.schema([("name", pa.string()), ("alpha", pa.large_binary())])
        table = pa.table({"name": list(mattes), "alpha": list(mattes.values())}, schema=schema)
        data = pa.BufferOutputStream()
        pq.write_table(table, data, compression="none")  # PNG is compressed
        return self._write_temporary(data.getvalue())


def open_output(uri: Path | str) -> Output:
    """Return the `Output` of a URI or path: `ParquetParts` where it ends in .parquet, else `PngFolder`."""
    return (ParquetParts if str(uri).rstrip("/").endswith(".parquet") else PngFolder)(uri)
