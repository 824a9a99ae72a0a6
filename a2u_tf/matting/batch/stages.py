"""What Ray's workers do with pictures: read, matte, write.

A picture that cannot be done goes on with its reason in the column `error`, empty for the others; what its trimap lacks
stands in `note`. Every worker may die at any time, and Ray repeats what it was given, as often as that takes.
"""

from __future__ import annotations

import collections
import functools
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa

from a2u_tf.matting.batch.uris import as_local_file
from a2u_tf.matting.pictures import Trimap, read_rgb, read_trimap, write_alpha
from a2u_tf.matting.pictures.folders import check_trimap_size, in_one_line
from a2u_tf.matting.pictures.formats import read_header
from a2u_tf.types import Array

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.actor import ActorHandle

    from a2u_tf.matting.batch.outputs import Output
    from a2u_tf.matting.network import MattingModel

MAX_DEATHS = 3
MAX_ERROR = 500  # characters
Result = TypeVar("Result")
_COMMON = [(name, pa.string()) for name in ("name", "image", "trimap", "error", "note")]
_SIZE = [("height", pa.int64()), ("width", pa.int64()), ("read_seconds", pa.float64())]
_PIXELS = pa.schema([*_COMMON, *_SIZE, ("rgb", pa.large_binary()), ("levels", pa.large_binary())])
_MATTES = pa.schema([*_COMMON, *_SIZE, ("matte_seconds", pa.float64()), ("png", pa.large_binary())])
_WRITTEN = pa.struct([*_COMMON, *_SIZE, ("matte_seconds", pa.float64())])
_PARTS = pa.schema([("part", pa.string()), ("write_seconds", pa.float64()), ("pictures", pa.list_(_WRITTEN))])


class Attempts:
    """Ray actor that counts how often a picture was begun and not ended.

    Without it a picture whose decoding or matting kills its process, such as one too large for the memory, would be
    begun for ever.
    """

    def __init__(self) -> None:
        self._counts: collections.Counter[tuple[str, str]] = collections.Counter()

    def begin(self, key: tuple[str, str]) -> int:
        """Return how many workers died at `key` so far, and expect the next."""
        self._counts[key] += 1
        return self._counts[key] - 1

    def end(self, key: tuple[str, str]) -> None:
        """Note that `key` killed nobody."""
        del self._counts[key]


def read(batch: pa.Table, attempts: ActorHandle[Any]) -> Iterator[pa.Table]:
    """Read and decode pictures and trimaps.

    Args:
        batch: Table with the columns of `a2u_tf.matting.batch.plan`.
        attempts: Handle of the `Attempts`.

    Yields:
        Tables of one row, which add the pixels and their size.
    """
    for row in batch.to_pylist():
        start = time.perf_counter()
        row |= {"error": "", "note": "", "height": 0, "width": 0, "rgb": b"", "levels": b""}
        if pair := _try(functools.partial(_read_pair, row), row, attempts, "reading"):
            image, trimap = pair
            row |= {"rgb": image.tobytes(), "levels": trimap.levels.tobytes()}
            row["height"], row["width"] = trimap.levels.shape
            row["note"] = trimap.lacks
        row["read_seconds"] = time.perf_counter() - start
        yield pa.Table.from_pylist([row], _PIXELS)


class MattingActor:
    """Ray actor that holds a model and predicts mattes.

    Args:
        model: Ray's reference of the bytes of a `.keras` file.
        bits: 8 or 16, of the mattes.
        attempts: Handle of the `Attempts`.
    """

    def __init__(self, model: ObjectRef[bytes], bits: int, attempts: ActorHandle[Any]) -> None:
        import ray

        from a2u_tf.matting.weights.loading import load_matting

        self._bits, self._attempts = bits, attempts
        self._large_model: MattingModel | None = None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.keras")
            path.write_bytes(ray.get(model))
            self._model = load_matting(path)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Return the table of PNG files of a table of pixels."""
        rows = batch.select(_MATTES.names[:-2]).to_pylist()
        for row, rgb, levels in zip(rows, batch["rgb"], batch["levels"], strict=True):
            start = time.perf_counter()
            if not row["error"]:
                size = row["height"], row["width"]
                image = np.frombuffer(rgb.as_buffer(), np.uint8).reshape(*size, 3)
                trimap = np.frombuffer(levels.as_buffer(), np.uint8).reshape(size)
                row["png"] = _try(functools.partial(self._matte, image, trimap), row, self._attempts, "matting")
            row["matte_seconds"] = time.perf_counter() - start
        return pa.Table.from_pylist(rows, _MATTES)

    def _matte(self, image: Array, trimap: Array) -> bytes:
        from a2u_tf.matting.prediction import LARGE, for_prediction, predict_alpha

        model = self._model
        if trimap.size > LARGE:
            self._large_model = model = self._large_model or for_prediction(model, large=True)
        alpha = predict_alpha(model, image, trimap)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "alpha.png")
            write_alpha(path, alpha, self._bits)
            return path.read_bytes()


def write(batch: pa.Table, output: Output) -> pa.Table:
    """Write mattes.

    Args:
        batch: Table of `MattingActor`.
        output: `a2u_tf.matting.batch.outputs.Output`.

    Returns:
        Table of one row: what there is to commit, and what is to be known of each picture.

    Raises:
        OSError: Where nothing can be written, which ends the job: without its output it would compute for nothing.
    """
    start = time.perf_counter()
    rows = batch.to_pylist()
    part = output.write({row["name"]: row["png"] for row in rows if not row["error"]})
    pictures = [{field.name: row[field.name] for field in _WRITTEN} for row in rows]
    row = {"part": part, "write_seconds": time.perf_counter() - start, "pictures": pictures}
    return pa.Table.from_pylist([row], _PARTS)


def _read_pair(row: Mapping[str, Any]) -> tuple[Array, Trimap]:
    with as_local_file(row["image"]) as image, as_local_file(row["trimap"]) as trimap:
        sizes = [read_header(path).size for path in (image, trimap)]
        check_trimap_size(row["image"], sizes[0], row["trimap"], sizes[1])
        return read_rgb(image), read_trimap(trimap)


def _try(work: Callable[[], Result], row: dict[str, Any], attempts: ActorHandle[Any], what: str) -> Result | None:
    """Return what `work` returns; None, with the reason in the row, where it fails or its workers died of it."""
    import ray

    key = (what, row["name"])
    begun: ObjectRef[int] = attempts.begin.remote(key)
    deaths = ray.get(begun)
    if deaths >= MAX_DEATHS:
        row["error"] = f"Given up: {deaths} workers died while {what} it. Is it too large for their memory?"
        return None
    result = None
    try:
        result = work()
    except Exception as error:  # whatever it is, the other pictures are to be done
        row["error"] = in_one_line(error)[:MAX_ERROR]
    attempts.end.remote(key)
    return result
