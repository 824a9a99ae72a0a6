"""Which pictures are to be matted with which trimaps, from two folders or from a Parquet table."""

import collections
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from a2u_tf.data.matting.folders import ENDINGS, MOST_PROBLEMS, OTHER_ENDINGS, unreadable_format
from a2u_tf.many_pictures.uris import absolute, join, locate

COLUMNS = ("name", "image", "trimap")
LONGEST_NAME = 240  # bytes of a part of a name: file systems hold 255, and .png is added


def pictures_in_folders(image, trimap):
    """Pair the pictures of two folders by their names without endings; the pictures are not read.

    Args:
        image: Path or URI of the folder of pictures.
        trimap: That of the folder of trimaps.

    Returns:
        `(pictures, failures)`: table of strings with the columns `COLUMNS`; and, for what has no partner or another
        format, dicts of the same keys and `error`.

    Raises:
        FileNotFoundError: Where a folder is missing.
        ValueError: Where two pictures have one name, or there are none.
    """
    failures: list[dict[str, str]] = []
    images, trimaps = (
        _by_name(absolute(folder), column, failures) for folder, column in ((image, "image"), (trimap, "trimap"))
    )
    for name in sorted(images.keys() ^ trimaps.keys()):
        paths = {"image": images.get(name, ""), "trimap": trimaps.get(name, "")}
        failures.append({"name": name, **paths, "error": f"{paths['image'] or paths['trimap']} has no partner."})
    names = sorted(images.keys() & trimaps.keys())
    if not names and not failures:
        raise ValueError(f"{image} holds no pictures ending in {', '.join(ENDINGS)}.")
    columns = (names, [images[name] for name in names], [trimaps[name] for name in names])
    return _checked(dict(zip(COLUMNS, columns, strict=True))), failures


def pictures_in_table(uri):
    """Read a Parquet file, or a folder of them, with the columns `image` and `trimap`, and `name` if it has one.

    Args:
        uri: Its path or URI. The pictures in it are URIs or paths; relative paths begin at the working directory.

    Returns:
        Table as of `pictures_in_folders`. Without a column `name`, pictures have their files' names without ending.

    Raises:
        FileNotFoundError: Where the table is missing.
        ValueError: Where it is no such table, or names are missing, occur twice or would lead out of a folder.
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
    return _checked(dict(zip(COLUMNS, (names, images, trimaps), strict=True)))


def without(pictures, finished):
    """Return the rows of a table of pictures whose names are not in the set `finished`."""
    return pictures.filter(pa.array([name not in finished for name in pictures["name"].to_pylist()], pa.bool_()))


def check_outputs(pictures, output):
    """Refuse an output folder in which the mattes would lie where the inputs are.

    Raises:
        ValueError: With the first input that is in the way.
    """
    inputs = {*pictures["image"].to_pylist(), *pictures["trimap"].to_pylist()}
    for name in pictures["name"].to_pylist():
        if (path := join(output, f"{name}.png")) in inputs:
            raise ValueError(f"{path} is an input: it would be taken for finished work. Name another output.")


def _by_name(folder, column, failures):
    """Return the URIs of the pictures in a folder by their names; sub-folders and hidden files are left out."""
    files, path = locate(folder)
    found: dict[str, str] = {}
    if files.get_file_info(path).type != fs.FileType.Directory:
        raise FileNotFoundError(f"Expected a folder of pictures. There is no folder {folder}.")
    for info in sorted(files.get_file_info(fs.FileSelector(path)), key=lambda info: info.base_name):
        name, ending = PurePosixPath(info.base_name).stem, PurePosixPath(info.base_name).suffix.lower()
        if not info.is_file or info.base_name.startswith("."):
            continue
        uri = join(folder, info.base_name)
        if ending in OTHER_ENDINGS:
            row = {"name": name, "image": "", "trimap": "", column: uri}
            failures.append(row | {"error": unreadable_format(uri)})
        elif ending in ENDINGS:
            if name in found:
                raise ValueError(f"{found[name]} and {uri} have the same name. Move one of them away.")
            found[name] = uri
    return found


def _checked(columns):
    """Return the columns as a table whose names can be those of files in one folder, each once."""
    names = columns["name"]
    problems = [f"{name!r} {reason}" for name in names if (reason := _why_no_name(name))]
    if len(set(names)) < len(names):
        counts = collections.Counter(names)
        problems += [f"{name!r} is the name of {count} pictures" for name, count in counts.items() if count > 1]
    if problems:
        more = [f"and {len(problems) - MOST_PROBLEMS} more"] if len(problems) > MOST_PROBLEMS else []
        lines = "\n  ".join([*problems[:MOST_PROBLEMS], *more])
        raise ValueError(
            f"Each matte needs a name of its own, for a file in the output. Give others in a column `name`:\n  {lines}"
        )
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in COLUMNS]))


def _why_no_name(name):
    """Say why a name cannot be a relative path below the output; None where it can."""
    for part in name.split("/"):
        if part in ("", "..") or "\\" in part or not part.isprintable():
            return "is no plain file name, nor a path of such names"
        if part[0] in "._":
            return "begins a part with . or _, which are kept for files of the job"
        if len(part.encode()) > LONGEST_NAME:
            return f"is longer than {LONGEST_NAME} bytes"
    return None
