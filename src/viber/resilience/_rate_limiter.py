"""Never more than so much in any stretch of time."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from math import inf, isinf
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from viber._home import Home
from viber.clock import SYSTEM_CLOCK, Clock, Timer
from viber.errors import Delivery, RateLimitError
from viber.machines import Allowance, LimitStatus, RateLimit, RateLog, Reservation
from viber.observability import CallRejected, CallWaited, LimitPaused, Listeners
from viber.resilience._circuit import Circuit
from viber.resilience._deadline import current_deadline
from viber.resilience._functions import begin, protected, require_function
from viber.resilience._line import Line, Waiter
from viber.resilience._numbers import count_of, least_of, seconds_of

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RateLimiterStatus:
    """A rate limiter at one moment; `held_for` is how long its server asked to be left alone, in seconds."""

    limits: tuple[LimitStatus, ...]
    waiting: int
    held_for: float


class RateLimiter:
    """Lets calls go as fast as its limits allow and no faster; all of them, or the call waits.

    Exact: never more than N in *any* window, since each grant is remembered until its window is over. Waiting
    is first come, first served: a heavy call at the front holds the lighter ones behind it. A call that would
    wait longer than `max_wait` seconds, or than its deadline, is turned away at once with a `RateLimitError`
    whose `retry_after` says when to come back. It belongs to the event loop that uses it first. Three ways
    in: `await limiter.run(fn, *args)`, `@limiter.protect`, and `async with limiter:`.

    Raises:
        TypeError: there is no limit, or something else than a limit.
        ValueError: a limit stands there twice, or a number is out of range.

    Example:
        >>> import asyncio
        >>> async def main() -> int:
        ...     limiter = RateLimiter(RateLimit(requests=60, per=60.0), RateLimit(tokens=1000, per=60.0))
        ...     grant = await limiter.acquire(tokens=400)
        ...     limiter.settle(grant, tokens=350)
        ...     return limiter.status().limits[1].remaining
        >>> asyncio.run(main())
        650
    """

    def __init__(
        self,
        *limits: RateLimit,
        max_wait: float | None = None,
        max_queue: int = 10_000,
        name: str = "",
        clock: Clock = SYSTEM_CLOCK,
        listeners: Listeners | None = None,
    ) -> None:
        self.name = name
        self.limits: tuple[RateLimit, ...] = _checked(limits)
        self.max_wait: float | None = seconds_of("max_wait", max_wait)
        self.max_queue: int = count_of("max_queue", max_queue, least=0)
        self.listeners: Listeners = listeners if listeners is not None else Listeners()
        self._clock = clock
        self._now = clock.now
        self._home = Home("rate limiter")
        self._log = RateLog(limits)
        self._line = Line[Reservation](clock, serve=self._serve, take_back=self.give_back)
        self._timer: Timer | None = None

    async def acquire(
        self, tokens: int = 0, *, within: float | None = None, circuit: Circuit | None = None
    ) -> Reservation:
        """Leave for one request of so many tokens, now or when its turn has come, within so many seconds.

        A `circuit` that opens meanwhile turns the caller away.

        Raises:
            RateLimitError: it would take too long, or could never be; nothing was sent.
            CircuitOpenError: the circuit is open, and one would have to wait in front of it.
            TypeError: a number is something else.
            ValueError: a number is negative.
            RuntimeError: used in another event loop than the first.
        """
        grant = self.try_acquire(tokens)
        return grant if grant is not None else await self._wait(tokens, within, circuit)

    def try_acquire(self, tokens: int = 0) -> Reservation | None:
        """Leave for one request, if it may go now and nobody waits.

        Raises:
            TypeError: tokens are no whole number.
            ValueError: they are negative.
            RuntimeError: used in another event loop than the first.
        """
        self._home.enter()
        if type(tokens) is not int or tokens < 0:
            count_of("tokens", tokens, least=0)
        if self._line.waiters:
            return None
        log = self._log
        grant = log.take(tokens, self._now(), self._clock.wall() if log.is_daily else 0.0)
        return grant if type(grant) is Reservation else None

    def settle(self, grant: Reservation, *, tokens: int) -> None:
        """The real number of tokens is known: too many come back, too few are owed, and the next ones wait.

        Raises:
            ValueError: the number is negative.
        """
        self._log.settle(grant, count_of("tokens", tokens, least=0))
        if self._line:
            self._serve()

    def give_back(self, grant: Reservation) -> None:
        """It was not used: as if it had never been granted; giving back twice changes nothing."""
        self._log.give_back(grant)
        if self._line:
            self._serve()

    def pause(self, seconds: float = inf) -> None:
        """Grant nothing for so long, as the server asked; without a number for good, until `resume`.

        Those who wait and could not go in time are turned away at once.

        Raises:
            ValueError: the number is negative.
        """
        if not seconds >= 0:
            raise ValueError(f"seconds to pause are not negative: {seconds!r}")
        now = self._now()
        self._log.pause(now + seconds)
        if self.listeners.is_heard:
            self.listeners.emit(LimitPaused(self.name, seconds, now))
        self._review()

    def resume(self) -> None:
        """Forget what the server asked for."""
        self._log.resume()
        self._review()

    def heed(self, allowance: Allowance) -> None:
        """Keep to what the server said it will still take: see `viber.machines.read_allowance`."""
        self._log.heed(allowance, self._now())
        self._review()

    def status(self) -> RateLimiterStatus:
        """The limiter as it stands."""
        now, wall = self._now(), self._clock.wall()
        return RateLimiterStatus(self._log.status(now, wall), len(self._line), self._log.held_for(now))

    async def run(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Await the function when it may go; raises what `acquire` raises."""
        require_function(fn)
        await self.acquire()
        return await begin(fn, *args, **kwargs)

    def protect(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """A function of the same type behind this limiter."""
        return protected(fn, self.run, self)

    async def __aenter__(self) -> Self:
        await self.acquire()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing: what went, went."""

    async def _wait(self, tokens: int, within: float | None, circuit: Circuit | None) -> Reservation:
        seconds_of("within", within)
        if tokens > self._log.heaviest:
            raise self._refused(
                None, f"one request of {tokens} tokens is more than the limit itself", "too_heavy"
            )
        if len(self._line) >= self.max_queue:
            raise self._refused(None, f"{self.max_queue} calls wait already", "queue")
        began = self._now()
        deadline = current_deadline()
        time_left = least_of(self.max_wait, within, None if deadline is None else deadline.remaining())
        waiter = Waiter[Reservation](tokens, began + time_left, lambda: self._too_late(tokens))
        if error := self._hopeless(waiter, len(self._line), self._line.weight):
            raise error
        grant = await self._line.wait(waiter, circuit)
        if self.listeners.is_heard:
            now = self._now()
            self.listeners.emit(CallWaited(self.name, "rate limit", now - began, now))
        return grant

    def _serve(self) -> None:
        """Grant what may go now, in order, and see to it that somebody looks again in time."""
        now, wall, wait = self._now(), self._clock.wall(), inf
        while waiter := self._line.first():
            answer = self._log.take(waiter.weight, now, wall)
            if not isinstance(answer, Reservation):
                wait = answer
                break
            self._line.admit(waiter, answer)
        self._look_again_in(wait)

    def _look_again_in(self, seconds: float) -> None:
        """One timer, for whoever stands first."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not isinf(seconds):
            self._timer = self._clock.call_later(seconds, self._serve)

    def _review(self) -> None:
        """After a change of plan: who could not go in time any more is told so now."""
        if self._line:
            self._line.turn_away(self._hopeless)
            self._serve()

    def _hopeless(self, waiter: Waiter[Reservation], ahead: int, weight: int) -> Exception | None:
        now = self._now()
        if waiter.until == inf and self._log.held_for(now) < inf:
            return None
        wait = self._log.wait(
            waiter.weight, now, self._clock.wall(), requests_ahead=ahead, tokens_ahead=weight
        )
        if isinf(wait):
            return self._refused(None, "the server takes no more", "stopped")
        if now + wait > waiter.until:
            return self._refused(wait, f"this call would have to wait {wait:.3f} s", "wait")
        return None

    def _too_late(self, tokens: int) -> Exception:
        """It would stand behind those who still wait, if it came back."""
        ahead, weight = len(self._line) - 1, self._line.weight - tokens
        wait = self._log.wait(
            tokens, self._now(), self._clock.wall(), requests_ahead=ahead, tokens_ahead=weight
        )
        return self._refused(wait, "its turn did not come in time", "wait")

    def _refused(self, retry_after: float | None, reason: str, code: str) -> RateLimitError:
        if self.listeners.is_heard:
            self.listeners.emit(CallRejected(self.name, "rate limit", retry_after, self._now()))
        whose = f" of {self.name}" if self.name else ""
        return RateLimitError(
            f"a local rate limit{whose} ({', '.join(map(str, self.limits))}): {reason}; nothing was sent",
            code=f"rate_limit.{code}",
            service=self.name,
            delivery=Delivery.NOT_SENT,
            retryable=retry_after is not None,
            retry_after=retry_after,
        )

    def __repr__(self) -> str:
        return f"<RateLimiter {self.name!r} {', '.join(map(str, self.limits))}, waiting={len(self._line)}>"


def _checked(limits: tuple[Any, ...]) -> tuple[RateLimit, ...]:
    if not limits:
        raise TypeError(
            "a rate limiter takes at least one RateLimit: RateLimiter(RateLimit(requests=60, per=60.0))"
        )
    for limit in limits:
        if not isinstance(limit, RateLimit):
            raise TypeError(f"a rate limiter takes RateLimits, not {type(limit).__name__!r}")
    if len(set(limits)) < len(limits):
        raise ValueError("the same RateLimit stands here twice: once is enough")
    return limits
