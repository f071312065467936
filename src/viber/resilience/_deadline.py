"""A bound on everything that is awaited inside a block."""

from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

from viber.clock import SYSTEM_CLOCK, Clock
from viber.errors import Delivery, TimeoutError

_innermost: ContextVar["Deadline | None"] = ContextVar("viber_deadline", default=None)
current_deadline = _innermost.get


class Deadline:
    """Bounds every viber call made inside its block, those of tasks started there included; in seconds.

    The caller's own code is never cancelled: a viber call that could not end in time raises
    `viber.TimeoutError`. Deadlines nest, and the nearest one counts. Each is used once.

    Example:
        >>> with Deadline(2.0) as deadline:
        ...     deadline.remaining() <= 2.0
        True
    """

    __slots__ = ("_clock", "_ends", "_outer", "_seconds", "_token")

    def __init__(self, seconds: float | None, *, clock: Clock = SYSTEM_CLOCK) -> None:
        if seconds is not None and not 0 <= seconds < float("inf"):
            raise ValueError(f"a deadline takes seconds from 0 on, or None for no limit, not {seconds!r}")
        self._seconds = seconds
        self._clock = clock
        self._ends: float | None = None
        self._outer: Deadline | None = None
        self._token: Token[Deadline | None] | None = None

    @classmethod
    def none(cls) -> Self:
        """No bound at all inside, whatever stands around: for background work that outlives its caller."""
        return cls(None)

    @staticmethod
    def current() -> "Deadline | None":
        """The innermost deadline of this context."""
        return _innermost.get()

    def remaining(self) -> float | None:
        """Seconds left, never below 0; None if there is no bound."""
        outer = self._outer.remaining() if self._outer is not None else None
        if self._ends is None:
            return outer
        own = max(0.0, self._ends - self._clock.now())
        return own if outer is None else min(own, outer)

    def __enter__(self) -> Self:
        if self._token is not None:
            raise RuntimeError("a Deadline is used once: make a new one for each block")
        if self._seconds is not None:
            self._outer = _innermost.get()
            self._ends = self._clock.now() + self._seconds
        self._token = _innermost.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _innermost.reset(self._token)

    def __repr__(self) -> str:
        return f"Deadline({self._seconds!r})"


def out_of_time() -> TimeoutError:
    """The error for a call whose time was over before it was sent."""
    return TimeoutError(
        "no time was left: nothing was sent",
        code="timeout.total",
        delivery=Delivery.NOT_SENT,
        neutral=True,
    )
