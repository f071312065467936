"""How long a stream waits: for its next piece, and in all."""

from viber.errors import TimeoutError


class StreamTimeouts:
    """The time limits of one stream after its first event, in seconds; None is no limit.

    `idle` bounds the wait for the next event, `total` the whole stream, looked at when it is read. The first
    event is bounded by the attempt that opens the stream.

    Example:
        >>> limits = StreamTimeouts(idle=60.0, total=100.0, now=0.0)
        >>> limits.limit(30.0), limits.limit(90.0)
        (60.0, 10.0)
    """

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

    def limit(self, now: float, *, at_most: float | None = None, quiet: float = 0.0) -> float | None:
        """Seconds that the next piece may take, and `at_most` so many; `quiet` of them have passed already.

        Raises:
            TimeoutError: no time is left.
        """
        remaining = self.remaining(now)
        silence = [limit - quiet for limit in (self._idle, at_most) if limit is not None]
        if silence and min(silence) <= 0:
            raise self.ran_out(now)
        return min([*silence, *(() if remaining is None else (remaining,))], default=None)

    def ran_out(self, now: float) -> TimeoutError:
        """Which limit it was; that the caller has no time left says nothing about the service."""
        if now >= self._ends:
            text = f"the stream did not end within {self._total:g} s"
            return TimeoutError(text, code="timeout.total", neutral=True)
        return TimeoutError(f"the stream was silent for {self._idle:g} s", code="timeout.idle")
