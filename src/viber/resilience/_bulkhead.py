"""At most so many calls at once."""

from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from viber._home import Home
from viber.clock import SYSTEM_CLOCK, Clock
from viber.errors import Delivery, RateLimitError
from viber.observability import CallRejected, CallWaited, Listeners
from viber.resilience._circuit import Circuit
from viber.resilience._deadline import current_deadline, out_of_time
from viber.resilience._functions import begin, protected, require_function
from viber.resilience._line import Line, Waiter
from viber.resilience._numbers import count_of, least_of, seconds_of

P = ParamSpec("P")
T = TypeVar("T")


class Bulkhead:
    """Lets `max_concurrent` calls go at once; `max_queue` others wait, first come first served.

    Who would be one too many in the queue, or has waited `max_wait` seconds (None: no limit), is turned away
    with a `RateLimitError`; nothing was sent. It belongs to the event loop that uses it first. Three ways in:
    `await bulkhead.run(fn, *args)`, `@bulkhead.protect`, and `async with bulkhead:`.

    Raises:
        ValueError: a number is out of range.

    Example:
        >>> import asyncio
        >>> async def answer() -> int:
        ...     return 42
        >>> asyncio.run(Bulkhead(2).run(answer))
        42
    """

    def __init__(
        self,
        max_concurrent: int,
        *,
        max_queue: int = 1000,
        max_wait: float | None = None,
        name: str = "",
        clock: Clock = SYSTEM_CLOCK,
        listeners: Listeners | None = None,
    ) -> None:
        self.name = name
        self.max_concurrent: int = count_of("max_concurrent", max_concurrent, least=1)
        self.max_queue: int = count_of("max_queue", max_queue, least=0)
        self.max_wait: float | None = seconds_of("max_wait", max_wait)
        self.listeners: Listeners = listeners if listeners is not None else Listeners()
        self._clock = clock
        self._home = Home("bulkhead")
        self._taken = 0
        self._line = Line[None](clock, serve=self._serve, take_back=lambda _: self.release())

    @property
    def taken(self) -> int:
        """Calls that are under way."""
        return self._taken

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return len(self._line)

    def try_acquire(self) -> bool:
        """Take a place if one is free: then nobody waits for it."""
        self._home.enter()
        if self._taken >= self.max_concurrent:
            return False
        self._taken += 1
        return True

    async def acquire(self, *, within: float | None = None, circuit: Circuit | None = None) -> None:
        """Take a place, or wait for one, for `within` seconds at most; `release` gives it back.

        A `circuit` that opens meanwhile turns the caller away.

        Raises:
            RateLimitError: the queue is full, or it took too long; nothing was sent.
            TimeoutError: `within` or the surrounding `Deadline` is over; nothing was sent.
            CircuitOpenError: the circuit is open, and one would have to wait in front of it.
            TypeError: `within` is no number.
            ValueError: `within` is negative.
            RuntimeError: used in another event loop than the first.
        """
        if self.try_acquire():
            return
        if len(self._line) >= self.max_queue:
            raise self._refused("bulkhead.full", f"{self.max_queue} calls wait already")
        began = self._clock.now()
        waiter = self._waiter(began, seconds_of("within", within))
        if waiter.until <= began:
            raise waiter.too_late()
        await self._line.wait(waiter, circuit)
        if self.listeners.is_heard:
            now = self._clock.now()
            self.listeners.emit(CallWaited(self.name, "bulkhead", now - began, now))

    def release(self) -> None:
        """Give a place back; whoever waits longest has it.

        Raises:
            RuntimeError: none was taken.
        """
        if not self._taken:
            raise RuntimeError("this bulkhead has no place to take back: release once for each acquire")
        self._taken -= 1
        if self._line.waiters:
            self._serve()

    async def run(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Await the function when its turn has come; raises what `acquire` raises."""
        require_function(fn)
        async with self:
            return await begin(fn, *args, **kwargs)

    def protect(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """A function of the same type behind this bulkhead."""
        return protected(fn, self.run, self)

    async def __aenter__(self) -> Self:
        await self.acquire()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _serve(self) -> None:
        while self._taken < self.max_concurrent and (waiter := self._line.first()):
            self._taken += 1
            self._line.admit(waiter, None)

    def _waiter(self, now: float, within: float | None) -> Waiter[None]:
        deadline = current_deadline()
        time_left = least_of(within, None if deadline is None else deadline.remaining())
        if self.max_wait is not None and self.max_wait <= time_left:
            return Waiter(1, now + self.max_wait, self._too_long)
        return Waiter(1, now + time_left, out_of_time)

    def _too_long(self) -> Exception:
        return self._refused("bulkhead.wait", f"none of them ended within {self.max_wait} s")

    def _refused(self, code: str, reason: str) -> RateLimitError:
        if self.listeners.is_heard:
            self.listeners.emit(CallRejected(self.name, "bulkhead", None, self._clock.now()))
        return RateLimitError(
            f"the bulkhead is full ({self.max_concurrent} at once) and {reason}; nothing was sent",
            code=code,
            service=self.name,
            delivery=Delivery.NOT_SENT,
            suggestion="make fewer calls at once, or raise max_concurrent, max_queue or max_wait",
        )

    def __repr__(self) -> str:
        return f"<Bulkhead {self.name!r} {self._taken}/{self.max_concurrent} waiting={len(self._line)}>"
