"""What Ray's workers do with pictures: read, matte, write.

A picture that cannot be done goes on with its reason in the column `error`; what its trimap lacks stands in `note`.
Every worker may die at any time, and Ray repeats what it was given, as often as that takes.
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

from a2u_tf.matting.batch.places import PngFolder, as_local_file
from a2u_tf.matting.pictures import Trimap, read_rgb, read_trimap, write_alpha
from a2u_tf.matting.pictures.folders import check_trimap_size, in_one_line
from a2u_tf.matting.pictures.formats import read_header
from a2u_tf.types import Array

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.actor import ActorHandle

    from a2u_tf.matting.network import MattingModel

MAX_DEATHS = 3
MAX_ERROR = 500  # characters
Result = TypeVar("Result")
_PICTURE = [
    *((name, pa.string()) for name in ("name", "image", "trimap", "error", "note")),
    *((name, pa.int64()) for name in ("height", "width")),
    *((name, pa.float64()) for name in ("read_seconds", "matte_seconds")),
]
_READ = pa.schema([*_PICTURE, ("rgb", pa.large_binary()), ("levels", pa.large_binary())])
_MATTED = pa.schema([*_PICTURE, ("png", pa.large_binary())])
_PART = pa.schema([("part", pa.string()), ("write_seconds", pa.float64()), ("pictures", pa.list_(pa.struct(_PICTURE)))])


class Attempts:
    """Ray actor that counts how often a picture was begun and not ended: one that kills processes must end somehow."""

    def __init__(self) -> None:
        self._counts: collections.Counter[tuple[str, str]] = collections.Counter()

    def begin(self, key: tuple[str, str]) -> int:
        """Return how many workers died at `key` so far, and expect the next."""
        self._counts[key] += 1
        return self._counts[key] - 1

    def end(self, key: tuple[str, str]) -> None:
        del self._counts[key]


def read(batch: pa.Table, attempts: ActorHandle[Any]) -> Iterator[pa.Table]:
    """Read and decode the pictures and trimaps of a table of `plan`; yields tables of one row each."""
    for row in batch.to_pylist():
        start = time.perf_counter()
        if pair := _try(functools.partial(_read_pair, row), row, attempts, "reading"):
            image, trimap = pair
            row |= {"rgb": image.tobytes(), "levels": trimap.levels.tobytes(), "note": trimap.lacks}
            row["height"], row["width"] = trimap.levels.shape
        row["read_seconds"] = time.perf_counter() - start
        yield pa.Table.from_pylist([row], _READ)


class MattingActor:
    """Ray actor that holds a model, of which it gets the bytes of a `.keras` file, and makes tables of PNG files."""

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
        rows = batch.drop_columns(["rgb", "levels"]).to_pylist()
        for row, rgb, levels in zip(rows, batch["rgb"], batch["levels"], strict=True):
            start = time.perf_counter()
            if not row["error"]:
                size = row["height"], row["width"]
                image = np.frombuffer(rgb.as_buffer(), np.uint8).reshape(*size, 3)
                trimap = np.frombuffer(levels.as_buffer(), np.uint8).reshape(size)
                row["png"] = _try(functools.partial(self._matte, image, trimap), row, self._attempts, "matting")
            row["matte_seconds"] = time.perf_counter() - start
        return pa.Table.from_pylist(rows, _MATTED)

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


def write(batch: pa.Table, output: PngFolder) -> pa.Table:
    """Write mattes; returns a table of one row: what there is to commit, and what is to be known of each picture."""
    # An error ends the job: without its output it would compute for nothing.
    start = time.perf_counter()
    pictures = batch.drop_columns(["png"]).to_pylist()
    pairs = zip(pictures, batch["png"].to_pylist(), strict=True)
    part = output.write({picture["name"]: png for picture, png in pairs if not picture["error"]})
    row = {"part": part, "write_seconds": time.perf_counter() - start, "pictures": pictures}
    return pa.Table.from_pylist([row], _PART)


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
