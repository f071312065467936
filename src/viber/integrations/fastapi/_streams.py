"""Streams that are under way: an open one would keep a server from stopping."""

from collections.abc import Callable, Generator
from contextlib import contextmanager


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
