"""Promises of a circuit breaker that its machine cannot keep alone: who guards a call measures and judges."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from viber.errors import Delivery, RateLimitError, ServerError
from viber.machines import BreakerState, CircuitBreakerConfig, Judgement, Verdict
from viber.observability import CircuitReconfigured, Listeners
from viber.resilience import Bulkhead, CircuitBreaker, Pipeline
from viber.testing import EventRecorder, FakeClock

MakePipeline = Callable[..., Pipeline]
Run = Callable[..., Coroutine[Any, Any, Any]]
Through = Callable[[Pipeline], Run]
WAYS_IN: dict[str, Callable[[MakePipeline, CircuitBreaker], Run]] = {
    "breaker": lambda _, breaker: breaker.run,
    "plain": lambda make, breaker: make(breaker=breaker, timeout=60.0).run,
    "general": lambda make, breaker: make(breaker=breaker).run,
}


@pytest.fixture(params=WAYS_IN.values(), ids=WAYS_IN)
def way_in(request: pytest.FixtureRequest, make_pipeline: MakePipeline) -> Callable[[CircuitBreaker], Run]:
    """Through the breaker itself, or a pipeline around it."""
    return lambda breaker: request.param(make_pipeline, breaker)


@pytest.fixture
def make_breaker(clock: FakeClock) -> Callable[..., CircuitBreaker]:
    def make(classify: Any = None, listeners: Listeners | None = None, **rules: Any) -> CircuitBreaker:
        config = CircuitBreakerConfig(**rules)
        options = {} if classify is None else {"classify": classify}
        return CircuitBreaker("quotes", config, clock=clock, listeners=listeners, **options)

    return make


MakeBreaker = Callable[..., CircuitBreaker]
WayIn = Callable[[CircuitBreaker], Run]


async def fail() -> None:
    raise ServerError("broken")


async def test_the_length_of_a_call_is_measured(
    way_in: WayIn, make_breaker: MakeBreaker, clock: FakeClock
) -> None:
    """Good calls that take too long open the circuit by its slow-call rate, and quick ones do not."""
    slow = {"slow_call_duration": 2.0, "slow_call_rate": 0.5, "minimum_calls": 4, "failure_threshold": None}
    breaker = make_breaker(**slow)
    run = way_in(breaker)
    for seconds in (1.5, 1.5, 1.5, 2.0, 2.0):
        await run(clock.sleep, seconds)
        assert breaker.state is BreakerState.CLOSED
    await run(clock.sleep, 2.0)
    assert breaker.state is BreakerState.OPEN


async def test_a_wait_in_line_does_not_make_a_call_slow(
    make_pipeline: MakePipeline, make_breaker: MakeBreaker, clock: FakeClock
) -> None:
    """It is the service that is measured, and not our own queue."""
    breaker = make_breaker(slow_call_duration=2.0, slow_call_rate=1.0, minimum_calls=1)
    pipeline = make_pipeline(breaker=breaker, bulkhead=Bulkhead(1, clock=clock))
    await asyncio.gather(*(pipeline.run(clock.sleep, 1.0) for _ in range(9)))
    assert (clock.now(), breaker.state) == (9.0, BreakerState.CLOSED)


async def test_good_calls_count_where_rates_are_kept(way_in: WayIn, make_breaker: MakeBreaker) -> None:
    """A share is a share of all calls."""
    breaker = make_breaker(failure_rate=0.5, minimum_calls=4, failure_threshold=None)
    run = way_in(breaker)
    for fn in (asyncio.sleep, asyncio.sleep, fail):
        await asyncio.gather(run(fn, 0) if fn is asyncio.sleep else run(fn), return_exceptions=True)
    assert (breaker.snapshot().calls, breaker.state) == (3, BreakerState.CLOSED)
    await asyncio.gather(run(fail), return_exceptions=True)
    assert breaker.state is BreakerState.OPEN


async def test_new_rules_hold_for_calls_through_a_pipeline_that_exists(
    way_in: WayIn, make_breaker: MakeBreaker, recorder: EventRecorder
) -> None:
    """What was counted stays counted, good calls begin to count, and it is told."""
    breaker = make_breaker(listeners=Listeners(recorder))
    run, before = way_in(breaker), breaker.config
    await asyncio.gather(run(fail), return_exceptions=True)
    breaker.reconfigure(after := CircuitBreakerConfig(failure_rate=0.9))
    await run(asyncio.sleep, 0)
    seen = breaker.snapshot()
    assert (seen.failures, seen.calls, seen.generation) == (1, 1, 0)
    assert recorder.events == [CircuitReconfigured("quotes", before, after, 0.0)]


@pytest.mark.parametrize(
    ("delivery", "counts", "state"),
    [
        (Delivery.ANSWERED, True, BreakerState.OPEN),
        (Delivery.ANSWERED, False, BreakerState.CLOSED),
        (Delivery.NOT_SENT, True, BreakerState.CLOSED),
    ],
)
async def test_a_429_is_a_failure_if_one_wants_it(
    way_in: WayIn, make_breaker: MakeBreaker, delivery: Delivery, state: BreakerState, *, counts: bool
) -> None:
    """By an option, and only that of the service: a local limit says nothing of it."""
    breaker = make_breaker(failure_threshold=1, count_rate_limits=counts)

    async def limited() -> None:
        raise RateLimitError("slow down", delivery=delivery, retryable=False)

    await asyncio.gather(way_in(breaker)(limited), return_exceptions=True)
    assert breaker.state is state


async def raising(error: BaseException) -> None:
    raise error


def all_bad(_: BaseException) -> Judgement:
    return Judgement(Verdict.FAILURE, retryable=True, safe=True)


def defect(error: BaseException) -> Judgement:
    raise LookupError(error)


@pytest.mark.parametrize("stop", [asyncio.CancelledError, KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize("classify", [all_bad, defect])
@pytest.mark.parametrize("owner", ["breaker", "plain", "general"])
async def test_no_classification_is_asked_about_a_cancellation(
    make_pipeline: MakePipeline,
    make_breaker: MakeBreaker,
    owner: str,
    classify: Callable[[BaseException], Judgement],
    stop: type[BaseException],
) -> None:
    """What is no `Exception` is neither news nor repeated, and no defect of a classification replaces it."""
    breaker = make_breaker(classify if owner == "breaker" else None, failure_threshold=1)
    pipelines = {"plain": {"timeout": 5.0}, "general": {}}
    run = breaker.run
    if owner != "breaker":
        run = make_pipeline(breaker=breaker, classify=classify, **pipelines[owner]).run
    error = stop()
    with pytest.raises(stop) as caught:
        await run(raising, error)
    assert caught.value is error
    assert (breaker.state, breaker.snapshot().failures) == (BreakerState.CLOSED, 0)


@pytest.mark.parametrize("options", [{}, {"timeout": 5.0}], ids=["general", "plain"])
async def test_a_cancelled_task_is_cancelled_whatever_classifies_it(
    make_pipeline: MakePipeline, options: dict[str, Any]
) -> None:
    """Without a breaker too."""
    pipeline = make_pipeline(classify=defect, clock=FakeClock(), **options)
    task = asyncio.create_task(pipeline.run(asyncio.Event().wait))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
