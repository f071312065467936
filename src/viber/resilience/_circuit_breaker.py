"""The circuit breaker of a service: the machine, with a clock, a lock and listeners around it."""

import random
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from threading import Lock
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from viber.clock import SYSTEM_CLOCK, Clock
from viber.errors import CircuitOpenError
from viber.machines import (
    Breaker,
    BreakerSnapshot,
    BreakerState,
    CircuitBreakerConfig,
    Classify,
    Grant,
    Judgement,
    Rejection,
    Transition,
    Trigger,
    Verdict,
    judge,
)
from viber.observability import CircuitChanged, Listeners

P = ParamSpec("P")
T = TypeVar("T")


class Permit:
    """Leave to make one call; whoever holds it says how the call ended.

    As a context manager it says so itself: what leaves the block is classified, nothing is a success.
    """

    __slots__ = ("_breaker", "_grant", "_verdict")

    def __init__(self, breaker: "CircuitBreaker", grant: Grant) -> None:
        self._breaker = breaker
        self._grant = grant
        self._verdict: Verdict | None = None

    @property
    def generation(self) -> int:
        """The generation of the breaker in which this permit was given."""
        return self._grant.generation

    def success(self) -> None:
        """The service is alive."""
        self.settle(Verdict.SUCCESS)

    def failure(self, *, retry_after: float | None = None) -> None:
        """The service is not well; it may have asked to be left alone for some seconds."""
        self.settle(Verdict.FAILURE, retry_after=retry_after)

    def ignore(self) -> None:
        """Neither good nor bad news; a probe gives its place back."""
        self.settle(Verdict.IGNORED)

    def settle(self, verdict: Verdict, *, retry_after: float | None = None) -> None:
        """Say how the call ended.

        Raises:
            RuntimeError: it was said before.
        """
        if self._verdict is not None:
            raise RuntimeError("this permit is settled already: one call has one outcome")
        self._verdict = verdict
        if verdict is Verdict.SUCCESS and self._grant.expires_at is None:
            return  # Good news of an ordinary call moves nothing: no lock, no clock.
        self._breaker.settle(self._grant, verdict, retry_after=retry_after)

    def conclude(self, error: BaseException, classify: Classify) -> Judgement:
        """Settle by what ended the call; if `classify` itself raises, that says nothing of the service."""
        try:
            judgement = classify(error)
        except BaseException:
            self.ignore()
            raise
        self.settle(judgement.verdict, retry_after=judgement.retry_after)
        return judgement

    def interrupted(self) -> None:
        """One failure more after a success: the stream that had begun well broke."""
        if self._verdict is Verdict.SUCCESS:
            self._breaker.interrupt(self._grant)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._verdict is not None:
            return
        if error is None:
            self.success()
        else:
            self.conclude(error, self._breaker.classify)

    def __repr__(self) -> str:
        state = "out" if self._verdict is None else self._verdict.value
        return f"<Permit of {self._breaker.name!r}, generation {self.generation}, {state}>"


class CircuitBreaker:
    """Stops calling a service that fails, and finds out by itself when it is well again.

    May be shared by threads and event loops. Three ways in: `await breaker.run(fn, *args)`,
    `@breaker.protect`, and `with breaker.acquire() as permit:`. Each raises `CircuitOpenError` while the
    circuit is open, without touching the service.

    Example:
        >>> breaker = CircuitBreaker("quotes", CircuitBreakerConfig(failure_threshold=1))
        >>> with breaker.acquire() as permit:
        ...     permit.failure()
        >>> breaker.state.value
        'open'
    """

    def __init__(
        self,
        name: str = "",
        config: CircuitBreakerConfig | None = None,
        *,
        clock: Clock = SYSTEM_CLOCK,
        rng: Callable[[], float] = random.random,
        classify: Classify = judge,
        listeners: Listeners | None = None,
    ) -> None:
        self.name = name
        self.config: CircuitBreakerConfig = config or CircuitBreakerConfig()
        self.classify = classify
        self.listeners: Listeners = listeners if listeners is not None else Listeners()
        self._clock = clock
        self._machine = Breaker(self.config, rng=rng, now=clock.now())
        self._lock = Lock()

    @property
    def state(self) -> BreakerState:
        """The state; reading it changes nothing, so OPEN stays until the next call may be a probe."""
        return self._machine.state

    def snapshot(self) -> BreakerSnapshot:
        """The breaker as it stands."""
        with self._lock:
            return self._machine.snapshot(self._clock.now())

    def acquire(self, *, lease: float | None = None) -> Permit:
        """Leave to make one call; a probe keeps its place for `lease` seconds, or the configured time.

        Raises:
            CircuitOpenError: no call may be made now; `retry_after` says when to come back.
        """
        grant = self._machine.standing
        return Permit(self, grant if grant is not None else self._ask(lease or 0.0))

    async def run(self, fn: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await the function if the circuit lets it pass."""
        with self.acquire():
            return await fn(*args, **kwargs)

    def protect(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """A function of the same type behind this breaker."""

        @wraps(fn)
        async def protected(*args: P.args, **kwargs: P.kwargs) -> T:
            return await self.run(fn, *args, **kwargs)

        return protected

    def reset(self) -> None:
        """Close it and forget all failures."""
        self._force(Trigger.RESET)

    def isolate(self) -> None:
        """Hold it open until `reset`."""
        self._force(Trigger.ISOLATE)

    def disable(self) -> None:
        """Hold it closed until `reset`: failures are counted and have no effect."""
        self._force(Trigger.DISABLE)

    def settle(self, grant: Grant, verdict: Verdict, *, retry_after: float | None = None) -> None:
        """How a granted call ended: what a `Permit` reports."""
        with self._lock:
            change = self._machine.settle(grant, verdict, self._clock.now(), retry_after=retry_after)
        self._announce(change)

    def interrupt(self, grant: Grant) -> None:
        """A call that was a success broke afterwards: what a `Permit` reports."""
        with self._lock:
            change = self._machine.interrupt(grant, self._clock.now())
        self._announce(change)

    def _ask(self, lease: float) -> Grant:
        with self._lock:
            answer = self._machine.acquire(self._clock.now(), lease=lease)
        if isinstance(answer, Rejection):
            raise CircuitOpenError(service=self.name, retry_after=answer.retry_after)
        self._announce(answer.change)
        return answer

    def _force(self, trigger: Trigger) -> None:
        with self._lock:
            change = self._machine.force(trigger, self._clock.now())
        self._announce(change)

    def _announce(self, change: Transition | None) -> None:
        if change is not None and self.listeners:
            self.listeners.emit(
                CircuitChanged(self.name, change.before, change.after, change.trigger, change.at)
            )

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.name!r} {self.state.value}>"
