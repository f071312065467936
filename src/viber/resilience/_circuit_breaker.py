"""The circuit breaker of a service: the machine, with a clock, a lock and listeners around it."""

import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import wraps
from math import inf
from threading import Lock
from types import CoroutineType, FunctionType
from typing import Any, ParamSpec, TypeVar

from viber.clock import SYSTEM_CLOCK, Clock
from viber.errors import CircuitOpenError, Delivery, RateLimitError
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
from viber.observability import CallRejected, CircuitChanged, CircuitReconfigured, Listeners
from viber.resilience._functions import (
    GUARDED_BY,
    MisuseError,
    require_awaitable,
    require_function,
    require_new,
)
from viber.resilience._permit import Permit

P = ParamSpec("P")
T = TypeVar("T")

TurnAway = Callable[[Exception], None]
"""Ends the wait of a caller with this error, from whatever thread."""

_NO_VERDICT = Judgement(Verdict.IGNORED)


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

    __slots__ = (
        "__weakref__",
        "_clock",
        "_lock",
        "_machine",
        "_shut_until",
        "_waiting",
        "classify",
        "listeners",
        "name",
        "standing",
    )

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
        self.classify = classify
        self.listeners: Listeners = listeners if listeners is not None else Listeners()
        self._clock = clock
        self._machine = Breaker(_checked(config), rng=rng, now=clock.now())
        self._lock = Lock()
        self._waiting: set[TurnAway] = set()
        self.standing: Grant | None = None
        """The grant that all calls share while every call may pass: then nobody has to ask."""
        self._shut_until = 0.0
        self._mirror()

    @property
    def config(self) -> CircuitBreakerConfig:
        """The rules in force."""
        return self._machine.config

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
        grant = self.standing or self.ask(lease)
        return Permit(self, grant, self.started(grant))

    def check(self) -> None:
        """Raise if a call would be turned away now; takes nothing.

        Raises:
            CircuitOpenError: as `acquire`.
        """
        if self.standing is None:
            with self._lock:
                refusal = self._machine.refusal(self._clock.now())
            if refusal is not None:
                raise self._rejected(refusal.retry_after)

    async def run(self, fn: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await the function if the circuit lets it pass.

        Raises:
            CircuitOpenError: it does not; the function was not called.
            TypeError: this is no coroutine function.
        """
        grant = self.standing
        if grant is None:
            if (wait := self._shut_until - self._clock.now()) > 0:
                raise self._rejected(wait)
            grant = self.ask(None)
        started = self.started(grant) if grant.counts else None
        try:
            awaitable = fn(*args, **kwargs)
            if type(awaitable) is not CoroutineType:
                require_awaitable(fn, awaitable)
            result = await awaitable
        except BaseException as error:
            self.conclude(grant, error, self.classify, started=started)
            if type(fn) is not FunctionType:
                require_function(fn)
            raise
        if grant.counts:
            self.settle(grant, Verdict.SUCCESS, started=started)
        return result

    def protect(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """A function of the same type behind this breaker.

        Raises:
            TypeError: this is no coroutine function, or this breaker guards it already.
        """
        require_function(fn)
        guards = require_new(fn, (self,))

        @wraps(fn)
        async def protected(*args: P.args, **kwargs: P.kwargs) -> T:
            return await self.run(fn, *args, **kwargs)

        setattr(protected, GUARDED_BY, guards)
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

    def reconfigure(self, config: CircuitBreakerConfig) -> None:
        """Go on by other rules; state, failures and probes are kept, and so is the generation."""
        with self._lock:
            before, now = self._machine.config, self._clock.now()
            self._machine.reconfigure(_checked(config), now)
        if self.listeners:
            self.listeners.emit(CircuitReconfigured(self.name, before, config, now))

    def ask(self, lease: float | None) -> Grant:
        """Leave for one call where not every call may pass: what `acquire` and pipelines stand on.

        Raises:
            CircuitOpenError: as `acquire`.
        """
        with self._lock:
            answer = self._machine.acquire(self._clock.now(), lease=lease or 0.0)
            self._mirror()
        if isinstance(answer, Rejection):
            raise self._rejected(answer.retry_after)
        self._announce(answer.change)
        return answer

    def started(self, grant: Grant) -> float | None:
        """When a call begins, if its length will matter."""
        return self._clock.now() if grant.counts and self._machine.config.slow_call_duration else None

    def settle(
        self,
        grant: Grant,
        verdict: Verdict,
        *,
        retry_after: float | None = None,
        started: float | None = None,
    ) -> None:
        """How a granted call ended: what a `Permit` reports."""
        with self._lock:
            now = self._clock.now()
            elapsed = None if started is None else now - started
            change = self._machine.settle(grant, verdict, now, retry_after=retry_after, elapsed=elapsed)
            if change is not None:
                self._mirror()
        if change is not None:
            self._announce(change)

    def conclude(
        self, grant: Grant, error: BaseException, classify: Classify, *, started: float | None = None
    ) -> Judgement:
        """A granted call ended in an error; if `classify` itself raises, that says nothing of the service."""
        try:
            judgement = self._judge(error, classify)
        except BaseException:
            self.settle(grant, Verdict.IGNORED)
            raise
        self.settle(grant, judgement.verdict, retry_after=judgement.retry_after, started=started)
        return judgement

    def interrupt(self, grant: Grant) -> None:
        """A call that was a success broke afterwards: what a `Permit` reports."""
        with self._lock:
            change = self._machine.interrupt(grant, self._clock.now())
            self._mirror()
        self._announce(change)

    def attend(self, turn_away: TurnAway) -> None:
        """Turn this waiting caller away as soon as the circuit opens."""
        self._waiting.add(turn_away)

    def leave(self, turn_away: TurnAway) -> None:
        """This caller waits no more."""
        self._waiting.discard(turn_away)

    def _judge(self, error: BaseException, classify: Classify) -> Judgement:
        if isinstance(error, MisuseError):
            return _NO_VERDICT
        judgement = classify(error)
        is_told = isinstance(error, RateLimitError) and error.delivery is Delivery.ANSWERED
        if is_told and self._machine.config.count_rate_limits:
            return replace(judgement, verdict=Verdict.FAILURE)
        return judgement

    def _mirror(self) -> None:
        """What most calls need to know stands outside the machine, to be read without the lock."""
        self.standing = self._machine.standing
        self._shut_until = self._machine.shut_until

    def _rejected(self, wait: float | None) -> CircuitOpenError:
        retry_after = None if wait == inf else wait
        if self.listeners.callables:
            self.listeners.emit(CallRejected(self.name, "circuit", retry_after, self._clock.now()))
        return CircuitOpenError(service=self.name, retry_after=retry_after)

    def _force(self, trigger: Trigger) -> None:
        with self._lock:
            change = self._machine.force(trigger, self._clock.now())
            self._mirror()
        self._announce(change)

    def _announce(self, change: Transition | None) -> None:
        if change is None:
            return
        if self._waiting and change.after in (BreakerState.OPEN, BreakerState.ISOLATED):
            self._empty()
        if self.listeners:
            self.listeners.emit(
                CircuitChanged(self.name, change.before, change.after, change.trigger, change.at)
            )

    def _empty(self) -> None:
        """Nobody waits in front of an open circuit."""
        with self._lock:
            refusal = self._machine.refusal(self._clock.now())
        wait = 0.0 if refusal is None else refusal.retry_after
        for turn_away in tuple(self._waiting):
            turn_away(self._rejected(wait))

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.name!r} {self.state.value}>"


def _checked(config: object) -> CircuitBreakerConfig:
    if config is None:
        return CircuitBreakerConfig()
    if not isinstance(config, CircuitBreakerConfig):
        raise TypeError(f"a breaker takes a CircuitBreakerConfig, not {type(config).__name__!r}")
    return config
