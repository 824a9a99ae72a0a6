"""What ends a program from outside, as one exception: Ctrl+C, SIGTERM, and the end of its terminal."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_received: list[int] = []


class Stopped(KeyboardInterrupt):
    """Raised where the program is when a signal comes.

    Attributes:
        code: Exit code that says which signal it was, 128 and its number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise `Stopped` at signals, so that what cleans up after itself does; signals that are ignored stay so."""
    # Only the main thread may set handlers, and only it is interrupted.
    numbers = SIGNALS if threading.current_thread() is threading.main_thread() else []
    handlers = {number: signal.getsignal(number) for number in numbers}
    before = {number: handler for number, handler in handlers.items() if handler not in (None, signal.SIG_IGN)}
    tell_lost = sys.unraisablehook
    sys.unraisablehook = lambda lost: None if issubclass(lost.exc_type, Stopped) else tell_lost(lost)
    for number in before:
        signal.signal(number, _stop)
    try:
        yield
    except Exception:
        raise_if_stopped()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = tell_lost
        _received.clear()


def raise_if_stopped() -> None:
    """Raise `Stopped` where a signal came and its exception got lost.

    Garbage collectors drop it, imports catch it, and Numba makes it an error of its own: to be called between pieces of
    work, and where any `Exception` is taken for theirs.
    """
    if _received:
        raise Stopped(_received[0])


def _stop(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    raise Stopped(number)
