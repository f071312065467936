"""Streams that are under way: an open one would keep a server from stopping."""

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

_STOP = (signal.SIGTERM, signal.SIGINT)


class OpenStreams:
    """The streams that are being relayed; each can be ended."""

    def __init__(self) -> None:
        self._ends: set[Callable[[], object]] = set()

    def __len__(self) -> int:
        return len(self._ends)

    @contextmanager
    def holding(self, end: Callable[[], object]) -> Generator[None]:
        """A stream is open within the block."""
        self._ends.add(end)
        try:
            yield
        finally:
            self._ends.discard(end)

    def end(self) -> None:
        """End them all."""
        for end in list(self._ends):
            end()


@contextmanager
def ending_on_signals(streams: OpenStreams) -> Generator[None]:
    """End the streams at the signal that stops the server, which gets it too.

    Servers wait for open answers before they end a lifespan, so its end would come too late. Signals belong
    to the main thread: elsewhere nothing is done, and the streams end with the lifespan.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _STOP}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(streams.end)
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
