"""The circuit breaker of a service: three ways in, and what operators do."""

import random
from collections.abc import Awaitable, Callable, Coroutine
from types import CoroutineType, FunctionType
from typing import Any, ParamSpec, TypeVar

from viber.clock import SYSTEM_CLOCK, Clock
from viber.machines import CircuitBreakerConfig, Classify, Trigger, Verdict, judge
from viber.observability import CircuitReconfigured, Listeners
from viber.resilience._circuit import Circuit
from viber.resilience._functions import protected, require_awaitable, require_function
from viber.resilience._permit import Permit

P = ParamSpec("P")
T = TypeVar("T")


_DEFAULT = CircuitBreakerConfig()


class CircuitBreaker(Circuit):
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

    __slots__ = ("classify",)

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
        told = listeners if listeners is not None else Listeners()
        super().__init__(name, _checked(config), clock=clock, rng=rng, listeners=told)
        self.classify: Classify = classify

    def acquire(self, *, lease: float | None = None) -> Permit:
        """Leave to make one call; a probe keeps its place for `lease` seconds, or the configured time.

        Raises:
            CircuitOpenError: no call may be made now; `retry_after` says when to come back.
        """
        grant = self.standing or self.ask(lease)
        return Permit(self, grant, self.classify, self.started(grant))

    async def run(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Await the function if the circuit lets it pass.

        Raises:
            CircuitOpenError: it does not; the function was not called.
            TypeError: this is no coroutine function.
        """
        if fn.__class__ is not FunctionType:
            require_function(fn)
        grant = self.standing
        if grant is None:
            if (wait := self._shut_until - self._clock.now()) > 0:
                raise self._rejected(wait)
            grant = self.ask(None)
        started = self.started(grant) if grant.counts else None
        try:
            awaitable = fn(*args, **kwargs)
            if awaitable.__class__ is not CoroutineType:
                require_awaitable(fn, awaitable)
            result = await awaitable
        except BaseException as error:
            self.conclude(grant, error, self.classify, started=started)
            raise
        if grant.counts:
            self.settle(grant, Verdict.SUCCESS, started=started)
        return result

    def protect(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """A function of the same type behind this breaker.

        Raises:
            TypeError: this is no coroutine function, or this breaker guards it already.
        """
        return protected(fn, self.run, self)

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
            self._mirror()
        if self.listeners:
            self.listeners.emit(CircuitReconfigured(self.name, before, config, now))

    def _force(self, trigger: Trigger) -> None:
        with self._lock:
            change = self._machine.force(trigger, self._clock.now())
            self._mirror()
        self._announce(change)

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.name!r} {self.state.value}>"


def _checked(config: object) -> CircuitBreakerConfig:
    if config is None:
        return _DEFAULT
    if not isinstance(config, CircuitBreakerConfig):
        raise TypeError(f"a breaker takes a CircuitBreakerConfig, not {type(config).__name__!r}")
    return config
