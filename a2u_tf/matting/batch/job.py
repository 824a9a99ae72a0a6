"""A whole job: which pictures are left to do, a model for the workers, and what is told of the rest."""

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from a2u_tf.matting.batch.outputs import FAILURES, open_output
from a2u_tf.matting.batch.plan import check_outputs, pictures_in_folders, pictures_in_table, without
from a2u_tf.matting.batch.run import matte_many, ray_running
from a2u_tf.matting.network.network import SHIPPED
from a2u_tf.matting.weights.loading import load_matting

MAX_LINES = 20


def run_job(
    source: str | tuple[str, str],
    output: str,
    model: str = "small",
    bits: int = 8,
    address: str | None = None,
    concurrency: int = 1,
    gpus: float = 0.0,
    object_store_megabytes: int = 1000,
) -> None:
    """Matte what is not in the output yet, and print how it goes.

    Args:
        source: Folders of pictures and of trimaps, two paths or URIs; or those of a Parquet table, see
            `a2u_tf.matting.batch.plan.pictures_in_table`.
        output: Folder of mattes, or a Parquet folder, its name ending in `.parquet`.
        model: `"small"`, which comes with this package, or a saved `MattingModel` (`.keras`).
        bits: 8 or 16, of the mattes.
        address: Of a Ray cluster, `"host:port"` or `"auto"`; None for this machine.
        concurrency: How many models run at the same time.
        gpus: GPUs of each of them.
        object_store_megabytes: Shared memory of a local Ray.

    Raises:
        RuntimeError: Where pictures failed, which the output's table of failures lists; or what ended the job.
        ValueError, OSError: Where nothing can be done.
    """
    failures: list[dict[str, str]] = []
    if isinstance(source, str):
        pictures = pictures_in_table(source)
    else:
        pictures, failures = pictures_in_folders(*source)
    place = open_output(output)
    check_outputs(pictures, place.uri, () if isinstance(source, str) else source)
    content, digest = read_checked(model)
    place.prepare({"model": digest, "bits": bits})
    finished = place.finished()
    waiting = without(pictures, finished)
    print(f"{len(pictures) + len(failures)} pictures: {len(pictures) - len(waiting)} done before", flush=True)
    if len(waiting):
        print("starting Ray", flush=True)
        with ray_running(address, concurrency, object_store_megabytes):
            summary = matte_many(waiting, place, content, bits, concurrency, gpus)
        print(summary)
        _tell([f"note: {note}" for note in summary.notes], "trimaps")
        failures += summary.failures
    place.write_failures(failures)
    place.close()
    if failures:
        _tell([f"{row['name']}: {row['error']}" for row in failures], "pictures")
        raise RuntimeError(f"{len(failures)} pictures failed, listed in {place.uri}/{FAILURES}")


def _tell(lines: Sequence[str], what: str) -> None:
    for line in lines[:MAX_LINES]:
        print(line, file=sys.stderr)
    if len(lines) > MAX_LINES:
        print(f"and {len(lines) - MAX_LINES} {what} more", file=sys.stderr)


def read_checked(path: str) -> tuple[bytes, str]:
    """Return a `MattingModel` as the bytes of a `.keras` file, and the SHA-256 that tells it from others.

    Raises:
        ValueError: As `load_matting`.
    """
    with _no_gpu():
        model = load_matting(path)
    if path not in SHIPPED:
        content = Path(path).read_bytes()
        return content, hashlib.sha256(content).hexdigest()
    with tempfile.TemporaryDirectory() as folder:  # whose archive would hold the date, and its bytes would differ
        model.save(Path(folder) / "model.keras")
        content = (Path(folder) / "model.keras").read_bytes()
    return content, hashlib.sha256(SHIPPED[path].read_bytes()).hexdigest()


@contextlib.contextmanager
def _no_gpu() -> Iterator[None]:
    """Leave the GPUs to the workers: a process that looks at a model once would take all of their memory."""
    before = os.environ.get("CUDA_VISIBLE_DEVICES")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    try:
        yield
    finally:
        del os.environ["CUDA_VISIBLE_DEVICES"]
        if before is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = before
