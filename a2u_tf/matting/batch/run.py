"""The job: a Ray Data pipeline of three stages, and the loop that follows it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from a2u_tf.matting.batch import stages
from a2u_tf.matting.batch.outputs import Output

if TYPE_CHECKING:
    import ray.data

BLOCKS, BLOCK_ROWS = 4000, (16, 256)  # tasks that read, about, and the fewest and the most pictures of each
BLOCK_BYTES = 32 * 2**20  # of pixels, after which such a task hands on what it has
SECONDS_BETWEEN_REPORTS = 10


@dataclasses.dataclass
class Summary:
    """What a job did.

    Attributes:
        total: How many pictures it was given.
        done: How many mattes it wrote.
        failures: Dicts with the name, image, trimap and error of the others.
        notes: Lines on the trimaps of these mattes that lack something.
        pixels: Of the mattes.
        seconds: From the start of the workers to the last matte.
        stage_seconds: Dict from a stage to the time in it, summed over all workers.
    """

    total: int
    done: int = 0
    failures: list[dict[str, str]] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    pixels: int = 0
    seconds: float = 0.0
    stage_seconds: dict[str, float] = dataclasses.field(
        default_factory=lambda: dict.fromkeys(("read", "matte", "write"), 0.0)
    )

    def add(self, row: Mapping[str, Any]) -> None:
        """Count what came back of the pictures of one task that writes."""
        self.stage_seconds["write"] += row["write_seconds"]
        for picture in row["pictures"]:
            self.stage_seconds["read"] += picture["read_seconds"]
            self.stage_seconds["matte"] += picture["matte_seconds"]
            if picture["error"]:
                self.failures.append({name: picture[name] for name in ("name", "image", "trimap", "error")})
            else:
                self.done += 1
                self.pixels += picture["height"] * picture["width"]
                if picture["note"]:
                    self.notes.append(f"{picture['trimap']} {picture['note']}")

    def __str__(self) -> str:
        rate = f"{self.done / self.seconds:.2f} pictures/s, {self.pixels / 1e6 / self.seconds:.3f} megapixels/s"
        stage_seconds = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in self.stage_seconds.items())
        return (
            f"{self.done} of {self.total} done in {self.seconds:.1f} s: {rate}\n"
            f"in all workers together: {stage_seconds}"
        )


@contextlib.contextmanager
def ray_running(address: str | None = None, concurrency: int = 1, object_store_megabytes: int = 1000) -> Iterator[None]:
    """Start Ray on this machine, or connect to a cluster, and leave it at the end.

    A local Ray listens on the loopback interface only, asks for a token that nobody else has, starts no dashboard and
    sends no usage statistics.

    Args:
        address: Of a cluster's head, `"host:port"`, or `"auto"`; None for this machine.
        concurrency: How many models are to run at the same time.
        object_store_megabytes: Shared memory of a local Ray, for pictures between the stages. What does not fit goes
            to the disk.

    Raises:
        ConnectionError: Where there is no such cluster.
        ValueError: Where it has too few processors.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # Otherwise a task to which no GPU was given would see them all.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")
    local: dict[str, Any] = {}
    if address and "://" not in address and ":" in address:
        _check_answer(address)
    if address is None:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex()}
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Ray's switch for the loopback interface, on any system
        local = {
            # Readers and writers find a processor beside the models.
            "num_cpus": (os.cpu_count() or 1) + concurrency,
            "object_store_memory": object_store_megabytes * 2**20,
            "include_dashboard": False,
        }
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


def _check_answer(address: str) -> None:
    """Raise `ConnectionError` where nobody listens: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, ValueError, OverflowError) as error:
        raise ConnectionError(f"There is no Ray cluster at {address}: {error}") from error


def matte_many(
    pictures: pa.Table, output: Output, model: bytes, bits: int = 8, concurrency: int = 1, gpus: float = 0.0
) -> Summary:
    """Matte pictures; Ray must be running.

    Args:
        pictures: Table of `a2u_tf.matting.batch.plan`, of what is still to be done.
        output: `a2u_tf.matting.batch.outputs.Output`, prepared.
        model: Bytes of a `.keras` file with a `Matting`.
        bits: 8 or 16, of the mattes.
        concurrency: How many models run at the same time, each in a process of its own.
        gpus: What each of these gets of Ray's GPUs, such as 1 or 0.5.

    Returns:
        `Summary`.

    Raises:
        RuntimeError: With the last line of what ended the job; mattes that were written stay.
    """
    import ray

    summary, missing, start = Summary(len(pictures)), dict.fromkeys(pictures["name"].to_pylist()), time.perf_counter()
    reported = start
    try:
        data = _pipeline(pictures, output, model, bits, concurrency, gpus)
        tables: Iterable[Any] = data.iter_batches(batch_size=None, batch_format="pyarrow")
        for table in tables:
            for row in table.to_pylist():
                _take(row, missing, output, summary)
            summary.seconds = time.perf_counter() - start
            if time.perf_counter() - reported > SECONDS_BETWEEN_REPORTS:
                reported = time.perf_counter()
                print(f"{summary}, {len(summary.failures)} failed".split("\n")[0], flush=True)
    except ray.exceptions.RayError as error:
        raise RuntimeError(str(error).strip().splitlines()[-1]) from error
    summary.seconds = time.perf_counter() - start
    lost = pictures.filter(pc.is_in(pictures["name"], pa.array(missing, pa.string())))
    summary.failures += [row | {"error": "Ray did not hand it back. Run the job again."} for row in lost.to_pylist()]
    return summary


def _pipeline(
    pictures: pa.Table, output: Output, model: bytes, bits: int, concurrency: int, gpus: float
) -> ray.data.Dataset:
    import ray
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.target_max_block_size = BLOCK_BYTES
    # Workers without a model need Keras only to import this package: its smallest backend saves half a gigabyte each.
    small = {"env_vars": {"KERAS_BACKEND": "numpy"}}
    attempts: Any = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, runtime_env=small)(
        stages.Attempts
    ).remote()
    rows = min(max(BLOCK_ROWS[0], len(pictures) // BLOCKS), BLOCK_ROWS[1])
    blocks = [pictures.slice(start, rows) for start in range(0, len(pictures), rows)]
    return (
        ray.data.from_arrow(blocks)
        .map_batches(functools.partial(stages.read, attempts=attempts), batch_format="pyarrow", runtime_env=small)
        .map_batches(
            stages.MattingActor,
            fn_constructor_kwargs={"model": ray.put(model), "bits": bits, "attempts": attempts},
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=concurrency),
            num_cpus=1,
            num_gpus=gpus,
            runtime_env={"env_vars": {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "TF_CPP_MIN_LOG_LEVEL": "3"}},
        )
        .map_batches(
            functools.partial(stages.write, output=output),
            batch_size=output.batch_size,
            batch_format="pyarrow",
            runtime_env=small,
        )
    )


def _take(row: dict[str, Any], missing: dict[str, None], output: Output, summary: Summary) -> None:
    """Commit what came back of one task, unless some of it came back before."""
    names = [picture["name"] for picture in row["pictures"]]
    if not all(name in missing for name in names):
        return
    if row["part"]:
        output.commit(row["part"])
    summary.add(row)
    for name in names:
        del missing[name]
