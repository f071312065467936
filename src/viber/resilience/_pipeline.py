"""All policies around one awaited call, in their order."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from functools import partial, wraps
from types import CoroutineType, FunctionType
from typing import Any, ParamSpec, Self, TypedDict, TypeVar, Unpack

from viber.machines import RetryConfig
from viber.observability import Metrics, Subject
from viber.resilience._attempts import Attempts
from viber.resilience._call import Call
from viber.resilience._deadline import current_deadline
from viber.resilience._describe import describe
from viber.resilience._functions import (
    GUARDED_BY,
    begin,
    require_awaitable,
    require_function,
    require_new,
)
from viber.resilience._policies import Policies
from viber.resilience._timeouts import delay_after, delay_after_first
from viber.resilience._traced import traced

P = ParamSpec("P")
T = TypeVar("T")


class PipelineOptions(TypedDict, total=False):
    """The keywords of `Pipeline.with_options`."""

    timeout: float | None
    total_timeout: float | None
    max_attempts: int
    idempotent: bool


class Pipeline(Policies):
    """Awaits coroutine functions through all its policies; immutable, share it freely.

    From the outside in: fallback, deadline and `total_timeout`, retry, circuit, bulkhead, rate limit, the
    circuit's permit, `timeout` of the attempt, chaos, the function; what is not given is left out. Times are
    in seconds; None is no limit. A failed attempt is repeated only if the error may pass *and* repeating is
    safe, which for a foreign function it is when you say `idempotent=True`. Exceptions of a foreign function
    pass through unchanged, with a note for each earlier attempt; `classify` tells what they mean, and
    `classify_result` what is wrong with a result (None: nothing).

    Raises:
        TypeError: something else stands where a policy belongs.
        ValueError: a time is not above 0.

    Example:
        >>> import asyncio
        >>> async def quote(currency: str) -> float:
        ...     return 1.08
        >>> asyncio.run(Pipeline("quotes", timeout=2.0).run(quote, "EUR"))
        1.08
    """

    __slots__ = ()

    @property
    def state(self) -> str:
        """The state of the circuit, empty without a breaker."""
        return self.breaker.state.value if self.breaker is not None else ""

    def describe(self) -> str:
        """What each call passes, in order, a line each.

        Example:
            >>> print(Pipeline("quotes", timeout=2.0).describe())
            quotes: idempotent=False
              retry        3 attempts, full jitter over 1 s to 30 s, at most 20% of the calls
              timeout      2 s for each attempt
        """
        return describe(self)

    def with_options(self, **options: Unpack[PipelineOptions]) -> Self:
        """A pipeline with other limits that shares everything else.

        Raises:
            TypeError: there is no such option.
        """
        if unknown := options.keys() - PipelineOptions.__annotations__.keys():
            raise TypeError(f"a pipeline has no option {', '.join(sorted(unknown))}")
        changes: dict[str, Any] = dict(options)
        if "max_attempts" in options:
            attempts = changes.pop("max_attempts")
            changes["retry"] = RetryConfig(**{**self.retry.model_dump(), "max_attempts": attempts})
        return replace(self, **changes)

    def unguarded(self) -> Self:
        """The same without what others feel, for one attempt: to ask how a service does, and move nothing."""
        alone = self.with_options(max_attempts=1)
        return replace(alone, breaker=None, bulkhead=None, limiter=None, fallback=None)

    def run(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, T]:
        """Await `fn(*args, **kwargs)` through all policies.

        Raises:
            CircuitOpenError: the circuit is open; the function was not called.
            RateLimitError: its turn would not have come in time; the function was not called.
            TimeoutError: an attempt, or the whole call, took too long.
            TypeError: this is no coroutine function.
            Exception: what the function raised in its last attempt.
        """
        if type(fn) is not FunctionType:
            require_function(fn)
        operation = getattr(fn, "__qualname__", "")
        if self.is_plain:
            return self._perform_plainly(fn, args, kwargs, operation)
        return self._start(_facts(self, operation=operation), fn, args, kwargs)

    def protect(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """A function of the same type; each of its calls goes through this pipeline.

        Raises:
            TypeError: this is no coroutine function, or one of these policies guards it already.
        """
        require_function(fn)
        guards = require_new(fn, self.guards)
        operation = getattr(fn, "__qualname__", "")

        @wraps(fn)
        async def protected(*args: P.args, **kwargs: P.kwargs) -> T:
            if self.is_plain:
                return await self._perform_plainly(fn, args, kwargs, operation)
            return await self._start(_facts(self, operation=operation), fn, args, kwargs)

        setattr(protected, GUARDED_BY, guards)
        return protected

    def attempts(self, *, operation: str = "", idempotent: bool | None = None, tokens: int = 0) -> Attempts:
        """The attempts of one call as a loop; without fallback, chaos and `classify_result`.

        Example:
            >>> import asyncio
            >>> async def main() -> int:
            ...     async for attempt in Pipeline("quotes", timeout=2.0).attempts():
            ...         async with attempt:
            ...             return attempt.number
            >>> asyncio.run(main())
            1
        """
        policies = self if self.classify_result is None else replace(self, classify_result=None)
        return Attempts(_facts(policies, operation=operation, idempotent=idempotent, tokens=tokens))

    def execute(
        self,
        fn: Callable[[Call], Awaitable[T]],
        *,
        operation: str = "",
        idempotent: bool | None = None,
        request_id: str = "",
        tokens: int = 0,
        about: Subject | None = None,
    ) -> Coroutine[Any, Any, T]:
        """Await `fn(call)` through all policies: for services, which ask and tell the call."""
        if type(fn) is not FunctionType:
            require_function(fn)
        call = _facts(self, operation=operation, request_id=request_id, idempotent=idempotent, tokens=tokens)
        if about is not None:
            call.about = about
        return self._start(call, fn, (call,), {})

    def _start(
        self, call: Call, fn: Callable[..., Awaitable[T]], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Coroutine[Any, Any, T]:
        for policy in reversed(self.chaos):
            fn = partial(policy.run, fn)
        if self.fallback is None:
            return self._perform(call, fn, args, kwargs)
        return self.fallback.run(self._perform, call, fn, args, kwargs)

    async def _perform_plainly(
        self,
        fn: Callable[..., Awaitable[T]],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        operation: str,
    ) -> T:
        """A first attempt as most are: nobody listens, no line, no probe, so that nothing has to be noted."""
        breaker = self.breaker
        grant = None if breaker is None else breaker.standing
        is_special = breaker is not None and (grant is None or grant.counts)
        tracer = self.listeners.tracer
        is_followed = self.listeners.callables or (tracer is not None and tracer.is_on)
        if is_special or is_followed or current_deadline() is not None:
            return await self._perform(_facts(self, operation=operation), fn, args, kwargs)
        metrics = self.listeners.metrics
        began = None if self.total_timeout is None and metrics is None else self.clock.now()
        if self.budget is not None:
            self.budget.calls += 1
        scope = None if self.first_limit is None else self.clock.timeout(self.first_limit)
        try:
            if scope is None:
                result = await begin(fn, *args, **kwargs)
            else:
                async with scope:
                    awaitable = fn(*args, **kwargs)
                    if awaitable.__class__ is not CoroutineType:
                        require_awaitable(fn, awaitable)
                    result = await awaitable
        except BaseException as error:
            call = Call(self)
            call.operation = operation
            call.take_over(began, grant)
            delay = delay_after_first(error, scope, call)
            if delay is None:
                raise
        else:
            return result if metrics is None else self._counted(result, metrics, operation, began or 0.0)
        return await self._perform(call, fn, args, kwargs, delay)

    def _counted(self, result: T, metrics: Metrics, operation: str, began: float) -> T:
        now = self.clock.now()
        metrics.meter(self.counted_as).finished(operation, 1, now - began, None, now)
        return result

    async def _perform(
        self,
        call: Call,
        fn: Callable[..., Awaitable[T]],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        wait: float | None = None,
    ) -> T:
        """All attempts, or those after the first and the `wait` that follows it."""
        try:
            if wait is None:
                call.start()
            else:
                await self.clock.sleep(wait)
            return await self._repeat(call, fn, args, kwargs)
        except BaseException as error:
            call.finish(error)
            raise

    async def _repeat(
        self, call: Call, fn: Callable[..., Awaitable[T]], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> T:
        """One attempt after another."""
        while True:
            if self.has_lines:
                await call.line_up()
            limit, scope = call.begin(), None
            try:
                if limit is None:
                    result = await begin(fn, *args, **kwargs)
                else:
                    scope = self.clock.timeout(limit)
                    async with scope:
                        result = await begin(fn, *args, **kwargs)
            except BaseException as error:
                delay = delay_after(error, scope, call)
                if delay is None:
                    raise
            else:
                delay = call.succeed(result)
                if delay is None:
                    return result
            await self.clock.sleep(delay)

    def __repr__(self) -> str:
        limits = f"timeout={self.timeout}, total_timeout={self.total_timeout}"
        return f"<Pipeline {self.name!r} {limits}, attempts={self.retry.max_attempts}>"


def _facts(
    pipeline: Pipeline,
    *,
    operation: str = "",
    request_id: str = "",
    idempotent: bool | None = None,
    tokens: int = 0,
) -> Call:
    tracer = pipeline.listeners.tracer
    call = Call(pipeline) if tracer is None else traced(pipeline, tracer)
    call.operation = operation
    call.request_id = request_id
    call.idempotent = idempotent
    call.tokens = tokens
    return call
