"""What ends a program from outside, as one exception: Ctrl+C, SIGTERM, and the end of its terminal."""

import contextlib
import signal
import threading

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stopped(KeyboardInterrupt):
    """Raised where the program is when a signal comes.

    Attributes:
        code: Exit code that says which signal it was, 128 and its number.
    """

    def __init__(self, number):
        super().__init__(number)
        self.code = 128 + number


@contextlib.contextmanager
def stopped_by_signals():
    """Raise `Stopped` at signals, so that what cleans up after itself does; signals that are ignored stay so."""
    received = []

    def stop(number, frame):
        received.append(number)
        raise Stopped(number)

    # Only the main thread may set handlers, and only it is interrupted.
    numbers = SIGNALS if threading.current_thread() is threading.main_thread() else []
    handlers = {number: signal.getsignal(number) for number in numbers}
    before = {number: handler for number, handler in handlers.items() if handler not in (None, signal.SIG_IGN)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    except Exception:
        if received:  # a library made it an error of its own, as extensions do that are just imported
            raise Stopped(received[0]) from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
