"""Plain paths and URIs, such as s3://bucket/photo.jpg, as pyarrow's file systems."""

import contextlib
import functools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from pyarrow import fs


def absolute(uri: str) -> str:
    """Return a plain path from the root of the disk, as workers may have another working directory; a URI as it is."""
    return uri if "://" in uri else os.path.abspath(uri)


def join(folder: str, name: str) -> str:
    """Return the URI or path of a file in a folder; the name is quoted where it becomes part of a URI."""
    return f"{folder.rstrip('/')}/{quote(name, errors='surrogateescape') if '://' in folder else name}"


def locate(uri: str) -> tuple[fs.FileSystem, str]:
    """Return `(file system, path in it)` of a URI or an absolute path.

    Raises:
        ValueError: For a scheme that pyarrow does not know.
    """
    if "://" not in uri:
        return fs.LocalFileSystem(), uri
    parts = urlsplit(uri)
    files, root = _filesystem(f"{parts.scheme}://{parts.netloc}/" + (f"?{parts.query}" if parts.query else ""))
    return files, root.rstrip("/") + unquote(parts.path, errors="surrogateescape")


@functools.lru_cache
def _filesystem(uri: str) -> tuple[fs.FileSystem, str]:
    """A bucket's file system holds its connections: one a process."""
    files, path = fs.FileSystem.from_uri(uri)
    return files, path


@contextlib.contextmanager
def as_local_file(uri: str) -> Iterator[str]:
    """Yield a path on this machine: the file itself, or a copy that is deleted afterwards.

    Errors about the copy name the URI.

    Raises:
        OSError: Where the file cannot be read.
        ValueError: As in `locate`.
    """
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
