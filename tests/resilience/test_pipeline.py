"""What a pipeline is around any coroutine function."""

from __future__ import annotations

import asyncio
import functools
import logging
import math
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from viber.errors import BaseError, ConfigurationError, NotFoundError, TransportError
from viber.machines import Judgement, RetryConfig, Verdict
from viber.observability import CallFinished, Listeners, RetryScheduled
from viber.resilience import Call, CircuitBreaker, Pipeline
from viber.testing import EventRecorder, FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]

mark: ContextVar[str] = ContextVar("mark", default="unset")


async def add(number: int, *, plus: int = 0) -> int:
    return number + plus


async def test_run_passes_arguments_and_result(make_pipeline: MakePipeline) -> None:
    """The function is awaited with its arguments, and its result comes back."""
    assert await make_pipeline().run(add, 1, plus=2) == 3


async def test_protect_makes_a_function_like_the_first(
    make_pipeline: MakePipeline, recorder: EventRecorder
) -> None:
    """A protected function keeps its name, which is the operation its events tell."""
    protected = make_pipeline(listeners=Listeners(recorder)).protect(add)
    assert protected.__name__ == "add"
    assert await protected(1, plus=2) == 3
    assert [event.operation for event in recorder.of(CallFinished)] == ["add"]


async def test_protect_takes_any_callable(make_pipeline: MakePipeline) -> None:
    """A partial has no name, and works."""
    assert await make_pipeline().protect(functools.partial(add, 1))(plus=2) == 3


@pytest.mark.parametrize("way", ["run", "protect"])
def test_a_coroutine_is_no_function(make_pipeline: MakePipeline, way: str) -> None:
    """A coroutine can be awaited once, so it cannot be repeated: a `TypeError` says what to pass."""
    coroutine = add(1)
    with pytest.raises(TypeError, match=r"pass the function and its arguments, not the coroutine add\(\)"):
        getattr(make_pipeline(), way)(coroutine)
    coroutine.close()


async def test_the_operation_runs_in_the_caller_s_task(make_pipeline: MakePipeline) -> None:
    """No task is made around it, with a time limit or without."""

    async def task() -> asyncio.Task[Any] | None:
        return asyncio.current_task()

    for limit in (None, 5.0):
        assert await make_pipeline(timeout=limit).run(task) is asyncio.current_task()


async def test_context_variables_set_inside_stay(make_pipeline: MakePipeline) -> None:
    """What the operation sets in its context, the caller sees."""

    async def set_mark() -> None:
        mark.set("set")

    await make_pipeline(timeout=5.0).run(set_mark)
    assert mark.get() == "set"


async def test_execute_hands_over_the_call(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """The function can ask which attempt it is, and how long it may take."""
    seen: list[tuple[int, float | None]] = []

    async def note(call: Call) -> None:
        seen.append((call.number, call.limit))
        if call.number < 3:
            raise OSError

    breaker = CircuitBreaker("quotes", clock=clock)
    await make_pipeline(breaker=breaker, idempotent=True, timeout=4.0).execute(note)
    assert seen == [(1, 4.0), (2, 4.0), (3, 4.0)]


async def test_a_pipeline_can_do_without_a_breaker(make_pipeline: MakePipeline) -> None:
    """Its state is then empty, and a stream that breaks has nobody to tell."""

    async def stream(call: Call) -> Call:
        return call

    pipeline = make_pipeline()
    (await pipeline.execute(stream)).interrupted()
    assert pipeline.state == ""


@pytest.mark.parametrize("name", ["timeout", "total_timeout"])
@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
def test_a_limit_is_a_finite_time_above_zero(make_pipeline: MakePipeline, name: str, seconds: float) -> None:
    """No limit has to be said, with None; anything else that is no time is refused."""
    with pytest.raises(ValueError, match=f"{name} takes seconds above 0, or None"):
        make_pipeline(**{name: seconds})
    with pytest.raises(ValueError, match=name):
        make_pipeline().with_options(**{name: seconds})


def test_with_options_derives_and_changes_nothing(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """A view has other limits; it shares breaker and listeners, and the first pipeline stays as it was."""
    pipeline = make_pipeline(timeout=1.0, total_timeout=2.0, breaker=CircuitBreaker("quotes", clock=clock))
    view = pipeline.with_options(timeout=None, max_attempts=1, idempotent=True)
    assert (view.timeout, view.total_timeout, view.retry.max_attempts, view.idempotent) == (
        None,
        2.0,
        1,
        True,
    )
    assert (pipeline.timeout, pipeline.retry.max_attempts, pipeline.idempotent) == (1.0, 3, False)
    assert (view.breaker, view.listeners, view.state) == (pipeline.breaker, pipeline.listeners, "closed")


def test_with_options_keeps_the_rest_of_the_retry_settings(make_pipeline: MakePipeline) -> None:
    """Only the number of attempts changes."""
    retry = RetryConfig(initial_delay=0.25, retryable_codes=frozenset({"a.b"}))
    view = make_pipeline(retry=retry).with_options(max_attempts=7)
    assert view.retry == RetryConfig(max_attempts=7, initial_delay=0.25, retryable_codes=frozenset({"a.b"}))


def test_no_attempts_is_a_configuration_error(make_pipeline: MakePipeline) -> None:
    """A view with 0 attempts would never call anything."""
    with pytest.raises(ConfigurationError, match="max_attempts"):
        make_pipeline().with_options(max_attempts=0)


def test_a_misspelt_option_is_refused(make_pipeline: MakePipeline) -> None:
    """An option that nobody reads is not swallowed."""
    options: dict[str, Any] = {"tiemout": 1.0}
    with pytest.raises(TypeError, match="a pipeline has no option tiemout"):
        make_pipeline().with_options(**options)


def test_an_unguarded_view_has_one_attempt_and_no_breaker(
    make_pipeline: MakePipeline, clock: FakeClock
) -> None:
    """To ask how a service does, the same limits hold, and nothing is moved or repeated."""
    pipeline = make_pipeline(timeout=1.0, breaker=CircuitBreaker("quotes", clock=clock))
    view = pipeline.unguarded()
    assert (view.breaker, view.retry.max_attempts, view.timeout) == (None, 1, 1.0)
    assert pipeline.breaker is not None


async def test_classify_maps_the_exceptions_of_a_foreign_function(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """The caller can say that an exception may pass and is safe to repeat."""
    passing = Judgement(Verdict.FAILURE, retryable=True, safe=True)
    fn = script(LookupError("not yet"), "here")
    assert await make_pipeline(classify=lambda _: passing).run(fn) == "here"


async def test_an_error_of_ours_learns_where_it_happened(make_pipeline: MakePipeline) -> None:
    """Service, operation, request id and attempts are filled in."""

    async def missing(_: Call) -> None:
        raise NotFoundError("no such quote")

    with pytest.raises(NotFoundError) as caught:
        await make_pipeline().execute(missing, operation="select", request_id="r-1")
    error = caught.value
    assert (error.service, error.operation, error.request_id) == ("quotes", "select", "r-1")
    assert error.attempts == 1


async def test_the_end_of_a_call_is_told(
    make_pipeline: MakePipeline, recorder: EventRecorder, script: MakeScript
) -> None:
    """One event ends each call, with its attempts, its whole duration and its error."""
    pipeline = make_pipeline(listeners=Listeners(recorder), idempotent=True, retry=RetryConfig(jitter="none"))
    await pipeline.run(script(OSError("no"), "yes"))
    [finished] = recorder.of(CallFinished)
    assert (finished.service, finished.attempts, finished.duration, finished.error) == (
        "quotes",
        2,
        1.0,
        None,
    )


@pytest.mark.parametrize("error", [ValueError("boom"), asyncio.CancelledError()])
async def test_the_error_of_a_call_is_told(
    make_pipeline: MakePipeline, recorder: EventRecorder, script: MakeScript, error: BaseException
) -> None:
    """Whatever ended it, a cancellation too."""
    with pytest.raises(type(error)):
        await make_pipeline(listeners=Listeners(recorder)).run(script(error))
    assert [event.error for event in recorder.of(CallFinished)] == [error]


async def test_a_retry_is_told_before_its_wait(
    make_pipeline: MakePipeline, recorder: EventRecorder, script: MakeScript
) -> None:
    """Listeners see attempt, delay and error at the moment the wait begins."""
    reset = TransportError("reset")
    pipeline = make_pipeline(listeners=Listeners(recorder), idempotent=True, retry=RetryConfig(jitter="none"))
    await pipeline.run(script(reset, "yes"))
    assert recorder.of(RetryScheduled) == [RetryScheduled("quotes", "", "", 1, 1.0, reset, at=0.0)]


async def test_a_retried_attempt_is_not_logged(
    make_pipeline: MakePipeline, script: MakeScript, caplog: pytest.LogCaptureFixture
) -> None:
    """What is going to be repeated disturbs nobody: nothing above DEBUG."""
    with caplog.at_level(logging.DEBUG):
        await make_pipeline(idempotent=True).run(script(OSError("no"), "yes"))
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_a_broken_listener_fails_no_call(
    make_pipeline: MakePipeline, script: MakeScript, caplog: pytest.LogCaptureFixture
) -> None:
    """The result comes back although a listener raised, which is logged."""

    def broken(_: object) -> None:
        raise BaseError("listener out of order")

    assert await make_pipeline(listeners=Listeners(broken)).run(script("yes")) == "yes"
    assert "listener out of order" in caplog.text


def test_a_repr_shows_the_limits(make_pipeline: MakePipeline) -> None:
    """A repr says whose it is and what bounds it."""
    pipeline = make_pipeline(timeout=1.0)
    assert repr(pipeline) == "<Pipeline 'quotes' timeout=1.0, total_timeout=None, attempts=3>"
