"""Deadline, retry, circuit breaker and attempt timeout around one awaited call, in that order."""

import asyncio
import builtins
import random
from collections.abc import Awaitable, Callable, Coroutine
from copy import copy
from functools import wraps
from typing import Any, ParamSpec, Self, TypedDict, TypeVar, Unpack

from viber.clock import SYSTEM_CLOCK, Clock
from viber.errors import BaseError, CircuitOpenError, TimeoutError
from viber.machines import Classify, Judgement, RetryConfig, Rng, Stop, Verdict, decide, judge
from viber.observability import CallFinished, Listeners, RetryScheduled
from viber.resilience._call import Attempt, Call
from viber.resilience._circuit_breaker import CircuitBreaker, Permit

P = ParamSpec("P")
T = TypeVar("T")


class PipelineOptions(TypedDict, total=False):
    """The keywords of `Pipeline.with_options`."""

    timeout: float | None
    total_timeout: float | None
    max_attempts: int
    idempotent: bool


class Pipeline:
    """Awaits coroutine functions under time limits, retries and a circuit breaker; share it freely.

    `timeout` bounds each attempt and `total_timeout` the whole call with its waits, in seconds; None is no
    limit. A failed attempt is repeated only if the error may pass *and* repeating is safe, which for a
    foreign function it is when you say `idempotent=True`. Exceptions of a foreign function pass through
    unchanged, with a note for each earlier attempt; `classify` tells what they mean.

    Example:
        >>> import asyncio
        >>> async def quote(currency: str) -> float:
        ...     return 1.08
        >>> asyncio.run(Pipeline("quotes", timeout=2.0).run(quote, "EUR"))
        1.08
    """

    def __init__(
        self,
        name: str = "",
        *,
        retry: RetryConfig | None = None,
        breaker: CircuitBreaker | None = None,
        timeout: float | None = None,
        total_timeout: float | None = None,
        idempotent: bool = False,
        classify: Classify = judge,
        clock: Clock = SYSTEM_CLOCK,
        rng: Rng = random.random,
        listeners: Listeners | None = None,
    ) -> None:
        self.name = name
        self.retry: RetryConfig = retry or RetryConfig()
        self.breaker = breaker
        self.timeout: float | None = _checked("timeout", timeout)
        self.total_timeout: float | None = _checked("total_timeout", total_timeout)
        self.idempotent = idempotent
        self.classify = classify
        self.clock = clock
        self.rng = rng
        self.listeners: Listeners = listeners if listeners is not None else Listeners()

    @property
    def state(self) -> str:
        """The state of the circuit, empty without a breaker."""
        return self.breaker.state.value if self.breaker is not None else ""

    def with_options(self, **options: Unpack[PipelineOptions]) -> Self:
        """A pipeline with other limits that shares the breaker and the listeners.

        Raises:
            TypeError: there is no such option.
        """
        if unknown := options.keys() - PipelineOptions.__annotations__.keys():
            raise TypeError(f"a pipeline has no option {', '.join(sorted(unknown))}")
        other = copy(self)
        other.timeout = _checked("timeout", options.get("timeout", self.timeout))
        other.total_timeout = _checked("total_timeout", options.get("total_timeout", self.total_timeout))
        other.idempotent = options.get("idempotent", self.idempotent)
        if "max_attempts" in options:
            other.retry = RetryConfig.model_validate(
                {**self.retry.model_dump(), "max_attempts": options["max_attempts"]}
            )
        return other

    def unguarded(self) -> Self:
        """This pipeline without its breaker, for one attempt: to ask how a service does, and move nothing."""
        other = self.with_options(max_attempts=1)
        other.breaker = None
        return other

    def run(self, fn: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        """Await `fn(*args, **kwargs)` through the whole pipeline.

        Raises:
            CircuitOpenError: the circuit is open; the function was not called.
            TimeoutError: an attempt, or the whole call, took too long.
            Exception: what the function raised in its last attempt.
        """
        _require_function(fn)
        return self.execute(lambda _: fn(*args, **kwargs))

    def protect(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """A function of the same type; each of its calls goes through this pipeline."""
        _require_function(fn)
        operation = getattr(fn, "__qualname__", "")

        @wraps(fn)
        async def protected(*args: P.args, **kwargs: P.kwargs) -> T:
            return await self.execute(lambda _: fn(*args, **kwargs), operation=operation)

        return protected

    async def execute(
        self,
        fn: Callable[[Attempt], Awaitable[T]],
        *,
        operation: str = "",
        idempotent: bool | None = None,
        request_id: str = "",
    ) -> T:
        """Await `fn(attempt)` through the whole pipeline: what services call and `run` stands on."""
        call = Call(
            self.name,
            operation,
            request_id,
            idempotent=self.idempotent if idempotent is None else idempotent,
            total_timeout=self.total_timeout,
            clock=self.clock,
        )
        try:
            while True:
                limit = call.limit(self.timeout)
                permit = None if self.breaker is None else self._admit(self.breaker, call, limit)
                call.attempts += 1
                scope = self.clock.timeout(limit)
                try:
                    async with scope:
                        result = await fn(Attempt(call.attempts, permit))
                except BaseException as error:
                    failure = _translated(error, scope, limit, is_total=limit != self.timeout)
                    delay = self._after(failure, call, permit)
                    if delay is None and failure is error:
                        raise
                    if delay is None:
                        raise failure from error
                else:
                    if permit is not None:
                        permit.settle(Verdict.SUCCESS)
                    self._report_end(call, None)
                    return result
                await self.clock.sleep(delay)
        except BaseException as error:
            self._report_end(call, error)
            raise
        finally:
            call.error = None  # a kept error would hold its frames, and they this call

    def _admit(self, breaker: CircuitBreaker, call: Call, limit: float | None) -> Permit:
        """A permit of the breaker; a repeated call whose circuit has opened ends with its own error."""
        try:
            return breaker.acquire(lease=limit)
        except CircuitOpenError as rejection:
            ended = call.give_up(rejection, Stop.CIRCUIT)
        # Raised out here, because the error of an earlier attempt keeps its own context.
        raise ended

    def _after(self, error: BaseException, call: Call, permit: Permit | None) -> float | None:
        """Settle a failed attempt; seconds until the next one, None if this error ends the call."""
        judgement = self.classify(error) if permit is None else permit.conclude(error, self.classify)
        if not isinstance(error, Exception):
            return None
        step = self._decide(error, judgement, call)
        if isinstance(step, Stop):
            call.conclude(error, step)
            return None
        call.remember(error, step)
        self._report_retry(call, error, step)
        return step

    def _decide(self, error: Exception, judgement: Judgement, call: Call) -> float | Stop:
        named = isinstance(error, BaseError) and _may_pass(error) and error.code in self.retry.retryable_codes
        return decide(
            self.retry,
            judgement.made_retryable() if named else judgement,
            attempt=call.attempts,
            idempotent=call.idempotent,
            remaining=call.remaining(),
            rng=self.rng,
        )

    def _report_retry(self, call: Call, error: Exception, delay: float) -> None:
        if self.listeners:
            now = self.clock.now()
            self.listeners.emit(
                RetryScheduled(
                    call.service, call.operation, call.request_id, call.attempts, delay, error, at=now
                )
            )

    def _report_end(self, call: Call, error: BaseException | None) -> None:
        if not self.listeners.callables:
            return
        now = self.clock.now()
        self.listeners.emit(
            CallFinished(
                call.service,
                call.operation,
                call.request_id,
                call.attempts,
                now - call.started,
                error,
                at=now,
            )
        )

    def __repr__(self) -> str:
        limits = f"timeout={self.timeout}, total_timeout={self.total_timeout}"
        return f"<Pipeline {self.name!r} {limits}, attempts={self.retry.max_attempts}>"


def _translated(
    error: BaseException, scope: asyncio.Timeout, limit: float | None, *, is_total: bool
) -> BaseException:
    """Our own TimeoutError where the scope ran out; a TimeoutError that the function raised is its own."""
    ran_out = isinstance(error, builtins.TimeoutError) and isinstance(error.__cause__, asyncio.CancelledError)
    if not (ran_out and scope.expired()):
        return error
    return TimeoutError(
        f"no answer within {limit:g} s", code="timeout.total" if is_total else "timeout.attempt"
    )


def _may_pass(error: BaseError) -> bool:
    return error.operational and not isinstance(error, CircuitOpenError)


def _checked(name: str, seconds: float | None) -> float | None:
    if seconds is not None and not 0 < seconds < float("inf"):
        raise ValueError(f"{name} takes seconds above 0, or None for no limit, not {seconds!r}")
    return seconds


def _require_function(fn: object) -> None:
    if not callable(fn):
        raise TypeError(f"pass a coroutine function and its arguments, not {type(fn).__name__!r}")
