"""Keras imported without TensorFlow's notes on itself.

While it is imported, TensorFlow writes to file descriptor 2 which instructions it uses and which GPU libraries it does
not find, before it looks at the level that it is to log from. Nobody who cuts out a picture needs to know.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from typing import NoReturn

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def import_keras_quietly() -> None:
    """Import Keras; what is written to stderr meanwhile appears only where the import fails or the process dies in it.

    From then on TensorFlow logs fatal errors alone. Whoever sets `TF_CPP_MIN_LOG_LEVEL=0` sees everything at once.
    """
    os.environ.setdefault(LEVEL, "3")
    plainly = "keras" in sys.modules or os.environ[LEVEL] == "0" or sys.stderr is None or not hasattr(os, "fork")
    with contextlib.nullcontext() if plainly else _stderr_shown_on_failure():
        import keras  # noqa: F401


@contextlib.contextmanager
def _stderr_shown_on_failure() -> Iterator[None]:
    """Lay a pipe in place of stderr, to a witness: a process that lives on where this one dies, and tells."""
    sys.stderr.flush()
    source, sink = os.pipe()
    witness = os.fork()
    if witness == 0:
        os.close(sink)
        _tell_what_came(source)
    os.close(source)
    stderr = os.dup(2)
    os.dup2(sink, 2)
    os.close(sink)
    try:
        failed = False
        try:
            yield
        except BaseException as error:
            failed = not isinstance(error, KeyboardInterrupt)
            raise
        finally:
            sys.stderr.flush()
            if not failed:
                os.kill(witness, signal.SIGKILL)  # while the pipe is open: at its end the witness would tell
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        with contextlib.suppress(ChildProcessError):  # where the caller has SIGCHLD ignored
            os.waitpid(witness, 0)


def _tell_what_came(source: int) -> NoReturn:
    """Read to the end of the pipe, write it to stderr and end, without what Python does at the end of the parent."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches both; this one is to tell what came of it.
        with open(source, "rb") as pipe, open(2, "wb", closefd=False) as stderr:
            stderr.write(pipe.read())
    finally:
        os._exit(0)
