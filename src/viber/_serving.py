"""Answers that stay open: they end with their task, with their reader, or with the server."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
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


async def while_read(sending: asyncio.Task[None], receive: Receive) -> bool:
    """Wait for a task that sends, as long as somebody reads, and end it then; True if the reader left.

    What the task raised stays with it.
    """
    leaving = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        has_left = leaving.done()
        await ended(sending, leaving)
    return has_left


async def ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel the tasks, and wait for them; what they raised stays with them."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
