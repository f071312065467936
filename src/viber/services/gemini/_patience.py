"""How long a stream waits: for its next piece, and in all."""

from viber.errors import TimeoutError

AFTER_THE_END = 5.0
"""Seconds that a complete answer waits for what may still follow it, such as usage numbers."""


class Patience:
    """The time limits of one stream, in seconds; None is no limit."""

    __slots__ = ("_ends", "_idle", "_total")

    def __init__(self, *, idle: float | None, total: float | None, now: float) -> None:
        self._idle = idle
        self._total = total
        self._ends = float("inf") if total is None else now + total

    def remaining(self, now: float) -> float | None:
        """Seconds left in all.

        Raises:
            TimeoutError: none are.
        """
        if self._total is None:
            return None
        if now >= self._ends:
            raise self.ran_out(now)
        return self._ends - now

    def limit(self, now: float, *, is_complete: bool) -> float | None:
        """Seconds that the next piece may take.

        Raises:
            TimeoutError: no time is left.
        """
        limits = [limit for limit in (self._idle, self.remaining(now)) if limit is not None]
        if is_complete:
            limits.append(AFTER_THE_END)
        return min(limits) if limits else None

    def ran_out(self, now: float) -> TimeoutError:
        """Which limit it was; that the caller has no time left says nothing about the service."""
        if now >= self._ends:
            text = f"the stream did not end within {self._total:g} s"
            return TimeoutError(text, code="timeout.total", neutral=True)
        return TimeoutError(f"the stream was silent for {self._idle:g} s", code="timeout.idle")
