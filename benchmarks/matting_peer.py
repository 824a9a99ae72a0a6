"""The whole matting network in Keras against the same network in PyTorch: time and memory of a prediction on a CPU.

    python -m benchmarks.matting_peer     # after pip install 'a2u_tf[torch]'

One picture, random weights, from a NumPy array to a NumPy array. Every side is a process of its own that predicts when
it is told to, so that neither library's threads and memory are the other's; in every round all sides take their turn.
Times are medians, and `ratio` is to `torch.compile` in float32 in the same round. Memory is the peak of the process
over what it held before its first prediction: with what the first one takes to trace or to compile.

The machine must have nothing else to do: OpenMP's threads, by which torch computes, wait for one another while busy,
and lose far more to another program on the same cores than TensorFlow's.

PyTorch's side is `benchmarks/pytorch_peer.py`: the released network with stock operations in place of its CUDA, in two
forms.
"""

import contextlib
import importlib.util
import multiprocessing
import re
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags
from numpy.typing import NDArray

_OUTPUT = flags.DEFINE_string("output", "benchmarks/matting_peer.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Timed rounds over all sides; medians are reported.", lower_bound=1)
_SIZE = flags.DEFINE_integer("size", 512, "Height and width of the picture, a multiple of 16.", lower_bound=16)
_WIDTH = flags.DEFINE_float("width", 1.0, "Factor on the channels of both networks.")
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and the op, or of torch.", lower_bound=1)

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]

# What only one side needs is imported on that side: a process that holds one library is measured without the other.


def ours(width: float, threads: int, policy: str) -> Predict:
    """Return the prediction of the Keras network with the compiled op."""
    import keras
    import tensorflow as tf

    from a2u_tf.matting import matting_net
    from a2u_tf.ops import use_implementation

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    with use_implementation("compiled"):
        model = matting_net(width=width)

    def predict(x: NDArray[np.float32]) -> NDArray[np.float32]:
        with use_implementation("compiled"):
            return model.predict_on_batch(x)

    return predict


def theirs(width: float, threads: int, mode: str) -> Predict:
    """Return the prediction of the PyTorch network: eager, eager under bfloat16's autocast, or compiled; by unfold."""
    import torch

    from benchmarks.pytorch_peer import peer

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model: Any = peer(width, "unfold" if "unfold" in mode else "taps").eval()
    if "compile" in mode:
        model = torch.compile(model)

    def predict(x: NDArray[np.float32]) -> NDArray[np.float32]:
        half = torch.autocast("cpu", torch.bfloat16) if mode == "bfloat16" else contextlib.nullcontext()
        with torch.inference_mode(), half:
            y = model(torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2))))
        return y.float().numpy()

    return predict


MEASURE = "PyTorch, torch.compile"
SIDES: dict[str, tuple[Callable[[float, int, str], Predict], str]] = {
    "ours": (ours, "float32"),
    "ours, bfloat16": (ours, "mixed_bfloat16"),
    "PyTorch, eager": (theirs, "eager"),
    "PyTorch, eager, bfloat16": (theirs, "bfloat16"),
    MEASURE: (theirs, "compile"),
    "PyTorch by unfold, eager": (theirs, "unfold"),
    "PyTorch by unfold, torch.compile": (theirs, "unfold, compile"),
}


def work(connection: Connection, side: str, size: int, width: float, threads: int) -> None:
    """Build a side; then answer each message by the seconds of a prediction, and the last one by the peak memory."""
    make, how = SIDES[side]
    predict = make(width, threads, how)
    x = np.random.default_rng(0).normal(size=(1, size, size, 4)).astype("float32")
    before = _status("VmRSS")
    while connection.recv() == "predict":
        start = time.perf_counter()
        predict(x)
        connection.send(time.perf_counter() - start)
    connection.send(_status("VmHWM") - before)


def _status(name: str) -> int:
    """Bytes of this process."""
    return 1024 * int(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text()).group(1))


class Worker:
    """A side in a process of its own."""

    def __init__(self, side: str) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.connection, other = spawn.Pipe()
        arguments = (other, side, _SIZE.value, _WIDTH.value, _THREADS.value)
        # torch.compile has processes of its own, which a daemon may not have.
        self.process = spawn.Process(target=work, args=arguments)
        self.process.start()
        other.close()

    def ask(self, message: str) -> Any:
        """Send a message and wait for its answer; a process that ended has none, which is an `EOFError`."""
        self.connection.send(message)
        return self.connection.recv()

    def stop(self) -> None:
        """Have the process end, which it does when nobody holds the other end of its pipe."""
        self.connection.close()
        self.process.join()


def main(_: list[str]) -> None:
    if importlib.util.find_spec("torch") is None:
        raise SystemExit("error: the network that ours is measured against needs torch: pip install 'a2u_tf[torch]'")
    from a2u_tf.files import package_version, write_json
    from a2u_tf.ops import compiled
    from benchmarks.record import describe_run

    if reason := compiled.unavailable():
        raise SystemExit(f"error: the compiled op: {reason}")
    record = describe_run()
    with contextlib.ExitStack() as stack:
        workers = {}
        for side in SIDES:
            workers[side] = Worker(side)
            stack.callback(workers[side].stop)
            for _ in range(2):  # which trace and compile
                workers[side].ask("predict")
        times: dict[str, list[float]] = {side: [] for side in SIDES}
        for _ in range(_ROUNDS.value):
            for side, worker in workers.items():
                times[side].append(worker.ask("predict"))
        peaks = {side: worker.ask("end") for side, worker in workers.items()}
    rows = []
    for side, t in times.items():
        row = {
            "side": side,
            "median_s": round(statistics.median(t), 3),
            "spread_s": [round(min(t), 3), round(max(t), 3)],
            "ratio": round(statistics.median(a / b for a, b in zip(t, times[MEASURE], strict=True)), 2),
            "peak_mb": round(peaks[side] / 2**20),
        }
        rows.append(row)
        print(f"{side:34}{row['median_s']:8.3f} s {row['ratio']:6.2f} x   peak {row['peak_mb']:6,} MB", flush=True)
    record["versions"]["torch"] = package_version("torch")
    settings = {"rounds": _ROUNDS.value, "size": _SIZE.value, "width": _WIDTH.value, "threads": _THREADS.value}
    write_json(_OUTPUT.value, {**record, **settings, "results": rows})


if __name__ == "__main__":
    app.run(main)
