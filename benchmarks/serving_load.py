"""Ten minutes of mixed requests against an exported model behind NVIDIA's Triton, on this machine's own interface.

    make triton && python -m benchmarks.serving_load --triton=.venv-triton/bin/python

Each client mixes pictures of several sizes, one or two in a request, with files that are no pictures and with requests
whose client leaves before the answer. Every matte is compared with the Keras model's; a wrong or a lost one is an error
at the end. The clients run on the same cores as the server, and take their share.
"""

import collections
import concurrent.futures
import contextlib
import functools
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from absl import app, flags

from a2u_tf.export import export_saved_model
from a2u_tf.files import write_json
from a2u_tf.matting.weights import load_matting
from a2u_tf.types import Array
from benchmarks.record import describe_run
from examples import serving_triton
from examples.serving_triton.add_version import add_version

CLIENTS = (1, 4, 16, 32)  # at a time; a part of the time each
ROUNDS = 4  # of all these, whose ends memory is compared at
BATCHES = (1, 2, 4, 8, 16, 32)
SIZES = ((64, 96), (160, 160), (256, 192), (512, 384))  # of the pictures of the mixture, height and width
SAME = (128, 128)  # of those whose number in a request is varied
SIZING = (((512, 512), 1), ((1024, 1024), 1), ((2048, 2048), 1), ((512, 512), 4), ((512, 512), 16))  # and how many
WAIT = 300  # seconds: longer than any answer takes
SHARES = {"matte": 0.8, "hostile": 0.1, "leaves": 0.1}
GOOD = {"matte: right", "hostile: INVALID_ARGUMENT", "leaves: right", "leaves: DEADLINE_EXCEEDED", "leaves: CANCELLED"}
NAMES = ("image_bytes", "trimap_bytes")
HOSTILE = {"empty": b"", "text": b"no picture", "gif": b"GIF89a" + bytes(40), "signature": b"\x89PNG\r\n\x1a\n"}


class Picture:
    """A request, and what must be answered: files of pictures and trimaps, and mattes of 8 bits."""

    def __init__(self, model: Any, size: tuple[int, int], seed: int, count: int = 1) -> None:
        random = np.random.default_rng(seed)
        images = random.integers(0, 256, (count, *size, 3), dtype=np.uint8)
        trimaps = random.choice(np.array([0, 128, 255], np.uint8), (count, *size, 1), p=(0.1, 0.8, 0.1))
        self.alpha = 255 * model.predict_on_batch({"image": images, "trimap": trimaps})["alpha"]
        self.files = [
            np.array([_png(x) for x in images[..., ::-1]], object),
            np.array([_png(x) for x in trimaps], object),
        ]
        self.count, self.megapixels = count, count * size[0] * size[1] / 1e6

    def is_answered_by(self, files: Array) -> bool:
        mattes = [cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED) for file in files]
        return all(np.abs(a - b[..., 0]).max() < 0.51 for a, b in zip(mattes, self.alpha, strict=True))


def _png(pixels: Array) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1])


class Server:
    """Triton, with one model, in a session of its own."""

    def __init__(self, python: str, folder: Path) -> None:
        with socket.socket() as first, socket.socket() as second:
            for bound in (first, second):
                bound.bind(("127.0.0.1", 0))
            http, grpc = first.getsockname()[1], second.getsockname()[1]
        self.address = f"127.0.0.1:{grpc}"
        start = Path(serving_triton.__file__).with_name("start.py")
        line = [python, start, folder, f"--http-port={http}", f"--grpc-port={grpc}"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(line, start_new_session=True, **quiet)

    def wait(self) -> None:
        from tritonclient import grpc
        from tritonclient.utils import InferenceServerException

        end = time.monotonic() + WAIT
        with grpc.InferenceServerClient(self.address) as client:
            while True:
                with contextlib.suppress(InferenceServerException):
                    if client.is_model_ready("matting"):
                        return
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"The server did not start: exit status {self.process.poll()}")
                time.sleep(0.2)

    def megabytes(self) -> float:
        """What all its processes hold."""
        pages = 0
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == self.process.pid:
                    pages += int((entry / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 2**20

    def peak_while(self, ask: Callable[[], Array]) -> tuple[Array, float]:
        """Return what a call returns, and the most megabytes that were seen meanwhile."""
        seen = [self.megabytes()]
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask)
            while not asked.done():
                time.sleep(0.01)
                seen.append(self.megabytes())
        return asked.result(), max(seen)

    def end(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)


@contextlib.contextmanager
def served(python: str, model: Any) -> Iterator[Server]:
    """A running server of a model."""
    with tempfile.TemporaryDirectory() as folder:
        exported, repository = Path(folder, "exported"), Path(folder, "served")
        export_saved_model(model, exported)
        add_version(exported / "1", repository / "matting")
        server = Server(python, repository)
        try:
            server.wait()
            yield server
        finally:
            server.end()


def request(client: Any, files: list[Array], timeout: float) -> Array:
    """Return the files of the mattes."""
    from tritonclient import grpc

    inputs = []
    for name, values in zip(NAMES, files, strict=True):
        inputs.append(grpc.InferInput(name, [len(values)], "BYTES"))
        inputs[-1].set_data_from_numpy(values)
    answer: Array = client.infer("matting", inputs, client_timeout=timeout).as_numpy("alpha_bytes")
    return answer


def client_until(end: float, seed: int, address: str, pictures: list[Picture]) -> list[tuple[str, float, str]]:
    """Ask until the time is over; returns kind, seconds and outcome of each request."""
    from tritonclient import grpc
    from tritonclient.utils import InferenceServerException

    random, outcomes = np.random.default_rng(seed), []
    with grpc.InferenceServerClient(address) as client:
        while time.monotonic() < end:
            kind = random.choice(list(SHARES), p=list(SHARES.values()))
            picture = pictures[random.integers(len(pictures))]
            files, timeout = picture.files, float(WAIT)
            if kind == "hostile":
                bad = np.array([HOSTILE[random.choice(list(HOSTILE))]] * picture.count, object)
                files = [bad, files[1]] if random.random() < 0.5 else [files[0], bad]
            if kind == "leaves":
                timeout = float(random.uniform(0.001, 0.02))
            start = time.monotonic()
            try:
                outcome = "right" if picture.is_answered_by(request(client, files, timeout)) else "wrong"
            except InferenceServerException as error:
                outcome = str(error.status()).removeprefix("StatusCode.")
            outcomes.append((str(kind), time.monotonic() - start, outcome))
    return outcomes


def summary(clients: int, seconds: float, outcomes: list[tuple[str, float, str]]) -> dict[str, Any]:
    """Return the row of a number of clients."""
    times = [t for kind, t, outcome in outcomes if (kind, outcome) == ("matte", "right")]
    counts = collections.Counter(f"{kind}: {outcome}" for kind, _, outcome in outcomes)
    percentiles = {f"p{p}_ms": round(1e3 * float(np.percentile(times, p)), 1) for p in (50, 95, 99)}
    return {
        "clients": clients,
        "requests": len(outcomes),
        "answers_per_s": round(len(times) / seconds, 2),
        **percentiles,
        "outcomes": dict(sorted(counts.items())),
    }


def throughput(address: str, pictures: list[Picture]) -> list[dict[str, Any]]:
    """Return rows of requests with more and more pictures, one at a time."""
    from tritonclient import grpc

    rows = []
    with grpc.InferenceServerClient(address) as client:
        for picture in pictures:
            times = []
            for _ in range(5):
                start = time.monotonic()
                assert picture.is_answered_by(request(client, picture.files, WAIT))
                times.append(time.monotonic() - start)
            seconds = statistics.median(times[1:])
            rows.append({"pictures": picture.count, "ms": round(1e3 * seconds, 1)})
            rows[-1]["megapixels_per_s"] = round(picture.megapixels / seconds, 3)
    return rows


def sizing(python: str, model: Any) -> list[dict[str, Any]]:
    """Return rows of pictures of more and more pixels; each with a server of its own, whose memory it has alone."""
    from tritonclient import grpc

    rows = []
    for size, count in SIZING:
        picture = Picture(model, size, 0, count)
        with served(python, model) as server, grpc.InferenceServerClient(server.address) as client:
            before, times, peaks = server.megabytes(), [], []
            for _ in range(4):
                start = time.monotonic()
                answer, peak = server.peak_while(functools.partial(request, client, picture.files, WAIT))
                times.append(time.monotonic() - start)
                peaks.append(peak)
                assert picture.is_answered_by(answer)
        seconds, memory = statistics.median(times[1:]), round(max(peaks) - before)
        rows.append({"size": size, "pictures": count, "s": round(seconds, 2), "memory_above_start_mb": memory})
        rows[-1]["megapixels_per_s"] = round(picture.megapixels / seconds, 3)
    return rows


def main(_: list[str]) -> None:
    record, model = describe_run(), load_matting("small")
    sizes = sizing(flags.FLAGS.triton, model)
    mixed = [Picture(model, size, seed, count) for seed, size in enumerate(SIZES) for count in (1, 1, 2)]
    several = [Picture(model, SAME, 0, count) for count in BATCHES]
    part, memory = 60 * flags.FLAGS.minutes / len(CLIENTS) / ROUNDS, []
    outcomes: dict[int, list[tuple[str, float, str]]] = {clients: [] for clients in CLIENTS}
    seconds = dict.fromkeys(CLIENTS, 0.0)
    with served(flags.FLAGS.triton, model) as server:
        batches = throughput(server.address, several)
        for first in range(0, 100 * ROUNDS, 100):
            for clients in CLIENTS:
                start = time.monotonic()
                with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                    ask = functools.partial(client_until, start + part, address=server.address, pictures=mixed)
                    for one in [pool.submit(ask, seed) for seed in range(first, first + clients)]:
                        outcomes[clients] += one.result()
                seconds[clients] += time.monotonic() - start
            throughput(server.address, several[:1])  # behind the requests whose clients have left
            memory.append(round(server.megabytes(), 1))
            print(f"round {len(memory)} of {ROUNDS}: {memory[-1]:,.0f} MB", flush=True)
        assert server.process.poll() is None
    rows = [summary(clients, seconds[clients], outcomes[clients]) for clients in CLIENTS]
    growth = round(100 * (memory[-1] / memory[0] - 1), 2)
    run = {**record, "minutes": flags.FLAGS.minutes, "same_size": SAME, "mixed_sizes": SIZES}
    results = {"mixed": rows, "pictures_in_a_request": batches, "sizing": sizes}
    results |= {"memory_mb": memory, "memory_growth_percent": growth}
    write_json(flags.FLAGS.output, {**run, **results})
    if bad := [name for row in rows for name in row["outcomes"] if name not in GOOD]:
        raise SystemExit(f"error: there were requests that ended as {sorted(set(bad))}: see {flags.FLAGS.output}")


if __name__ == "__main__":
    flags.DEFINE_string("triton", None, "Python of the environment of examples/serving_triton.", required=True)
    flags.DEFINE_float("minutes", 10, "Of the mixed requests.", lower_bound=0.1)
    flags.DEFINE_string("output", "results/serving_load.json", "JSON file to write.")
    app.run(main)
