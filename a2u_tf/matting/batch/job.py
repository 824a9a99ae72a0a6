"""A whole job: a pipeline of Ray Data for the pictures that are left to do, and what is told of them."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import logging
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from a2u_tf.matting.batch import stages
from a2u_tf.matting.batch.places import FAILURE_COLUMNS, FAILURES, PngFolder, open_output
from a2u_tf.matting.batch.plan import check_outputs, pictures_in_folders, pictures_in_table
from a2u_tf.matting.network.network import SHIPPED
from a2u_tf.matting.weights.loading import load_matting

if TYPE_CHECKING:
    import ray.data

MAX_LINES = 20
BLOCKS, BLOCK_ROWS = 4000, (16, 256)  # tasks that read, about, and the fewest and the most pictures of each
BLOCK_BYTES = 32 * 2**20  # of pixels, after which such a task hands on what it has
SECONDS_BETWEEN_REPORTS = 10


@dataclasses.dataclass
class Summary:
    """What a job did with `total` pictures."""

    total: int
    done: int = 0
    failures: list[dict[str, str]] = dataclasses.field(default_factory=list)  # by `FAILURE_COLUMNS`
    notes: list[str] = dataclasses.field(default_factory=list)  # on trimaps of mattes, where these lack something
    pixels: int = 0  # of the mattes
    start: float = dataclasses.field(default_factory=time.perf_counter)
    stage_seconds: dict[str, float] = dataclasses.field(  # summed over all workers
        default_factory=lambda: dict.fromkeys(("read", "matte", "write"), 0.0)
    )

    def add(self, row: Mapping[str, Any]) -> None:
        """Count what came back of the pictures of one task that writes."""
        self.stage_seconds["write"] += row["write_seconds"]
        for picture in row["pictures"]:
            self.stage_seconds["read"] += picture["read_seconds"]
            self.stage_seconds["matte"] += picture["matte_seconds"]
            if picture["error"]:
                self.failures.append({name: picture[name] for name in FAILURE_COLUMNS})
            else:
                self.done += 1
                self.pixels += picture["height"] * picture["width"]
                if picture["note"]:
                    self.notes.append(f"{picture['trimap']} {picture['note']}")

    def __str__(self) -> str:
        seconds = time.perf_counter() - self.start
        rate = f"{self.done / seconds:.2f} pictures/s, {self.pixels / 1e6 / seconds:.3f} megapixels/s"
        spent = ", ".join(f"{stage} {sum_:.1f} s" for stage, sum_ in self.stage_seconds.items())
        return f"{self.done} of {self.total} done in {seconds:.1f} s: {rate}\nin all workers together: {spent}"


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
        source: Folders of pictures and of trimaps, two paths or URIs; or that of a Parquet table of their URIs.
        output: Folder of mattes, or a Parquet folder, its name ending in `.parquet`.
        model: `"small"`, which comes with this package, or a saved `MattingModel` (`.keras`).
        bits: 8 or 16, of the mattes.
        address: Of a Ray cluster's head, `"host:port"` or `"auto"`; None for this machine.
        concurrency: How many models run at the same time, each in a process of its own.
        gpus: What each of them gets of Ray's GPUs, such as 1 or 0.5.
        object_store_megabytes: Shared memory of a local Ray, for pictures between the stages; the rest goes to disk.

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
    waiting = pictures.filter(pa.array([name not in finished for name in pictures["name"].to_pylist()], pa.bool_()))
    print(f"{len(pictures) + len(failures)} pictures: {len(pictures) - len(waiting)} done before", flush=True)
    if len(waiting):
        print("starting Ray", flush=True)
        with ray_running(address, concurrency, object_store_megabytes):
            summary = _matte_many(waiting, place, content, bits, concurrency, gpus)
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
    """Return a `MattingModel` as the bytes of a `.keras` file, and the SHA-256 that tells it from others."""
    before = dict(os.environ)
    # The GPUs are the workers': a process that looks at a model once would take all of their memory.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    try:
        model = load_matting(path)
    finally:
        os.environ.pop("CUDA_VISIBLE_DEVICES")
        os.environ |= before
    digest = hashlib.sha256(Path(SHIPPED.get(path, path)).read_bytes()).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, "model.keras")
        model.save(saved)
        return saved.read_bytes(), digest


@contextlib.contextmanager
def ray_running(address: str | None = None, concurrency: int = 1, object_store_megabytes: int = 1000) -> Iterator[None]:
    """Start Ray on this machine, or connect to a cluster, and leave it at the end; arguments as of `run_job`.

    A local Ray listens on the loopback interface only, asks for a token that nobody else has, starts no dashboard and
    sends no usage statistics.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # Otherwise a task to which no GPU was given would see them all.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")
    local: dict[str, Any] = {}
    if address is None:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex()}
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Ray's switch for the loopback interface, on any system
        local = {
            # Readers and writers find a processor beside the models.
            "num_cpus": (os.cpu_count() or 1) + concurrency,
            "object_store_memory": object_store_megabytes * 2**20,
            "include_dashboard": False,
        }
    elif "://" not in address and ":" in address:
        host, _, port = address.rpartition(":")
        try:  # Ray itself would try for minutes
            socket.create_connection((host, int(port)), timeout=10).close()
        except (OSError, ValueError, OverflowError) as error:
            raise ConnectionError(f"There is no Ray cluster at {address}: {error}") from error
    import ray
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what ends the job is raised, too
    ours = signal.getsignal(signal.SIGTERM)
    ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **local)
    try:
        if callable(ours):  # Ray's own ends the process at once
            signal.signal(signal.SIGTERM, ours)
        processors: float = ray.cluster_resources().get("CPU", 0)  # type: ignore[no-untyped-call,unused-ignore]
        if processors < concurrency + 1:
            raise ValueError(
                f"{concurrency} models need {concurrency + 1} processors, as pictures are read and written, too. "
                f"Received: a cluster of {processors:.0f}"
            )
        yield
    finally:
        ray.shutdown()


def _matte_many(
    pictures: pa.Table, output: PngFolder, model: bytes, bits: int, concurrency: int, gpus: float
) -> Summary:
    """Matte pictures, which must not be in the output yet, while Ray is running."""
    import ray

    summary, missing = Summary(len(pictures)), set(pictures["name"].to_pylist())
    reported = time.perf_counter()
    try:
        data = _pipeline(pictures, output, model, bits, concurrency, gpus)
        tables: Iterable[Any] = data.iter_batches(batch_size=None, batch_format="pyarrow")
        for table in tables:
            for row in table.to_pylist():
                names = {picture["name"] for picture in row["pictures"]}
                if names <= missing:  # else some of it came back before
                    if row["part"]:
                        output.commit(row["part"])
                    summary.add(row)
                    missing -= names
            if time.perf_counter() - reported > SECONDS_BETWEEN_REPORTS:
                reported = time.perf_counter()
                print(f"{summary}, {len(summary.failures)} failed".split("\n")[0], flush=True)
    except ray.exceptions.RayError as error:
        raise RuntimeError(str(error).strip().splitlines()[-1]) from error
    lost = {"error": "Ray did not hand it back. Run the job again."}
    summary.failures += [row | lost for row in pictures.to_pylist() if row["name"] in missing]
    return summary


def _pipeline(
    pictures: pa.Table, output: PngFolder, model: bytes, bits: int, concurrency: int, gpus: float
) -> ray.data.Dataset:
    import ray
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.target_max_block_size = BLOCK_BYTES
    # Workers without a model need Keras only to import this package: its smallest backend saves half a gigabyte each.
    small = {"env_vars": {"KERAS_BACKEND": "numpy"}}
    counting = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, runtime_env=small)
    attempts: Any = counting(stages.Attempts).remote()
    rows = min(max(BLOCK_ROWS[0], len(pictures) // BLOCKS), BLOCK_ROWS[1])
    blocks = [pictures.slice(start, rows) for start in range(0, len(pictures), rows)]
    return (
        ray.data.from_arrow(blocks)
        .map_batches(functools.partial(stages.read, attempts=attempts), batch_format="pyarrow", runtime_env=small)
        .map_batches(
            stages.MattingActor,
            fn_constructor_kwargs={"model": ray.put(model), "bits": bits, "attempts": attempts},
            compute=ray.data.ActorPoolStrategy(size=concurrency),
            num_cpus=1,
            num_gpus=gpus,
            runtime_env={"env_vars": {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "TF_CPP_MIN_LOG_LEVEL": "3"}},
            batch_format="pyarrow",
        )
        .map_batches(
            functools.partial(stages.write, output=output),
            batch_size=output.batch_size,
            runtime_env=small,
            batch_format="pyarrow",
        )
    )
