"""What has to happen before a server can stop."""

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

_STOP = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def ending_on_signals(end: Callable[[], object]) -> Generator[None]:
    """Call `end` in the event loop at the signal that stops the server, which gets the signal too.

    Servers wait for open answers before they end a lifespan, so its end would come too late for a stream.
    Signals belong to the main thread: elsewhere nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _STOP}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        elif handler == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in _STOP:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is stop:
                signal.signal(number, handler)
