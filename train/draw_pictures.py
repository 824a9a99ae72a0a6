"""Draw synthetic pictures once, for trainings that read them faster than they would draw them.

    python -m train.draw_pictures --count=2000 --output=drawn      # on all cores
    python -m train.draw_pictures --kind=backgrounds --count=500 --output=grounds
    python -m train.matting --source=rgba=drawn --backgrounds=grounds

The folder holds settings.json, versions.json and 000000.png, 000001.png, ...: foregrounds as PNG with an alpha channel,
and colours also where alpha is 0. A picture depends on nothing but its kind, the size, the seed and its number. Stopped
at any moment and started again, the command draws what is missing; with a larger count, more.
"""

import concurrent.futures
import contextlib
import dataclasses
import itertools
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import cv2
import keras
import numpy as np
from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.files import write_png
from a2u_tf.matting.data.synthetic import SyntheticSource
from a2u_tf.matting.data.synthetic.source import MIN_SIZE
from train.matting_sources import MIN_SYNTHETIC
from train.run_folder import check_run_folder, describe_run
from train.settings_flags import define_flags, read_flags, setting


@dataclasses.dataclass(frozen=True)
class Settings:
    """What makes two folders hold the same pictures."""

    kind: str = setting("foregrounds", "What to draw.", ("foregrounds", "backgrounds"))
    size: int = setting(MIN_SYNTHETIC, "Side in pixels of a square of about their area.", lower_bound=MIN_SIZE)
    seed: int = setting(0, "Seed of all pictures.", lower_bound=0, upper_bound=2**32 - 1)


def draw(settings: Settings, number: int, path: Path) -> None:
    """Draw the picture of a number into a PNG file."""
    source, rng = SyntheticSource(settings.size), np.random.default_rng([settings.seed, number])
    if settings.kind == "backgrounds":
        write_png(path, source.background(rng))
    else:
        colours, alpha = source.foreground(rng)
        write_png(path, np.dstack([colours, np.rint(255 * alpha).astype(np.uint8)]))


def draw_folder(settings: Settings, count: int, folder: Path | str, processes: int | None = None) -> None:
    """Draw what a folder lacks of `count` pictures, in so many processes: by default one for each core.

    Raises:
        RunFolderError: Where the folder holds pictures of other settings, or other files.
        OSError: Where one cannot be written.
    """
    folder = check_run_folder(folder, dataclasses.asdict(settings), "--output")
    describe_run(folder, dataclasses.asdict(settings))
    paths = {number: folder / f"{number:06}.png" for number in range(count)}
    missing = {number: path for number, path in paths.items() if not path.exists()}
    bar = keras.utils.Progbar(count, verbose=1 if sys.stdout.isatty() else 2, unit_name="picture")
    bar.update(count - len(missing))
    if not missing:
        return
    processes = min(processes or os.cpu_count() or 1, len(missing))
    with _interruptions() as interrupted, _pool(processes) as pool:
        tasks, pending = iter(missing.items()), set[concurrent.futures.Future[None]]()
        while not interrupted.is_set():
            for number, path in itertools.islice(tasks, 2 * processes - len(pending)):
                pending.add(pool.submit(draw, settings, number, path))
            if not pending:
                return
            done, pending = concurrent.futures.wait(pending, 0.2, concurrent.futures.FIRST_COMPLETED)
            for future in done:
                future.result()
                bar.add(1)
    raise KeyboardInterrupt


@contextlib.contextmanager
def _interruptions() -> Iterator[threading.Event]:
    """An event that Ctrl+C sets: raised within the pool's own code, an exception can leave that waiting for ever."""
    interrupted = threading.Event()
    handler = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, handler)


@contextlib.contextmanager
def _pool(processes: int) -> Iterator[concurrent.futures.Executor]:
    """Processes without the threads of this one."""
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(processes, spawn, _prepare) as pool:
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # which they inherit: the keyboard interrupts only this
        for _ in range(processes):
            pool.submit(os.getpid)  # starts one
        signal.signal(signal.SIGINT, handler)
        yield pool


def _prepare() -> None:
    """Draw by one thread, and end where the parent has been killed."""
    cv2.setNumThreads(1)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    try:
        draw_folder(read_flags(Settings, {}), values.count, values.output, values.processes)
    except (ValueError, OSError, concurrent.futures.BrokenExecutor) as error:
        raise SystemExit(f"error: {error}") from error
    except KeyboardInterrupt:
        raise SystemExit("\nstopped; the same command draws the rest") from None


if __name__ == "__main__":
    define_flags(Settings)
    flags.DEFINE_integer("count", 2000, "Pictures that the folder shall hold.", lower_bound=1)
    flags.DEFINE_string("output", None, "Folder to draw into.", required=True)
    flags.DEFINE_integer("processes", None, "Processes that draw. Default: one for each core.", lower_bound=1)
    app.run(main)
