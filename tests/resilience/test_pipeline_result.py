"""Results that are judged: some are not good enough, and are asked for again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import viber.errors
from viber.errors import CircuitOpenError, Delivery, TransportError
from viber.machines import BreakerState, CircuitBreakerConfig, Judgement, RetryConfig, Verdict
from viber.observability import CallFinished, Listeners, RetryScheduled
from viber.resilience import Bulkhead, Call, ChaosResult, CircuitBreaker, Pipeline
from viber.testing import EventRecorder, FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]
STEADY = RetryConfig(jitter="none")
NOT_YET = Judgement(Verdict.SUCCESS, retryable=True, safe=True)
BROKEN = Judgement(Verdict.FAILURE, retryable=True)


def of_none(judgement: Judgement) -> Callable[[object], Judgement | None]:
    """None is not good enough, in this way."""
    return lambda result: judgement if result is None else None


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    """One failure opens it; one probe at a time, and one good one closes it."""
    config = CircuitBreakerConfig(failure_threshold=1, half_open_max_calls=1, reset_jitter=0)
    return CircuitBreaker("quotes", config, clock=clock)


async def test_a_good_result_comes_back(make_pipeline: MakePipeline, script: MakeScript) -> None:
    """None from the judge means that nothing is wrong; what is falsy may be good."""
    fn = script(0)
    assert await make_pipeline(classify_result=of_none(NOT_YET)).run(fn) == 0
    assert len(fn.calls) == 1


async def test_a_result_that_is_not_good_enough_is_asked_for_again(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """After the waits of the schedule."""
    fn = script(None, None, "there")
    assert await make_pipeline(classify_result=of_none(NOT_YET), retry=STEADY).run(fn) == "there"
    assert fn.calls == [0.0, 1.0, 3.0]


async def test_when_the_attempts_are_used_up_the_last_result_comes_back(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """There is no error to raise: whoever asked knows what a bad result is."""
    bad = [{"state": "pending"}, {"state": "pending"}, {"state": "pending"}]
    fn = script(*bad)
    assert await make_pipeline(classify_result=lambda _: NOT_YET).run(fn) is bad[2]
    assert len(fn.calls) == 3


@pytest.mark.parametrize(
    ("judgement", "idempotent", "calls"),
    [
        pytest.param(BROKEN, False, 1, id="unsafe"),
        pytest.param(BROKEN, True, 2, id="idempotent"),
        pytest.param(NOT_YET, False, 2, id="safe"),
        pytest.param(Judgement(Verdict.FAILURE), True, 1, id="will not pass"),
        pytest.param(Judgement(Verdict.IGNORED, retryable=True, retry_after=61.0), True, 1, id="too long"),
    ],
)
async def test_it_is_asked_for_again_only_if_that_is_safe(
    make_pipeline: MakePipeline, script: MakeScript, judgement: Judgement, *, idempotent: bool, calls: int
) -> None:
    """The rules are those for errors."""
    fn = script(None, None)
    pipeline = make_pipeline(
        classify_result=of_none(judgement), idempotent=idempotent, retry=RetryConfig(max_attempts=2)
    )
    assert await pipeline.run(fn) is None
    assert len(fn.calls) == calls


async def test_what_a_judgement_asks_for_is_waited(make_pipeline: MakePipeline, script: MakeScript) -> None:
    """The longer of schedule and wish."""
    asking = Judgement(Verdict.IGNORED, retryable=True, safe=True, retry_after=7.25)
    fn = script(None, "there")
    await make_pipeline(classify_result=of_none(asking)).run(fn)
    assert fn.calls == [0.0, 7.25]


async def test_the_place_is_free_while_a_better_result_is_waited_for(
    make_pipeline: MakePipeline, script: MakeScript, clock: FakeClock
) -> None:
    """Between its attempts a call holds none."""
    bulkhead, seen = Bulkhead(1, clock=clock), list[int]()

    async def poll() -> None:
        clock.call_later(0.5, lambda: seen.append(bulkhead.taken))

    pipeline = make_pipeline(classify_result=of_none(NOT_YET), bulkhead=bulkhead, retry=STEADY)
    assert await pipeline.run(script(poll, "there")) == "there"
    assert seen == [0]


async def test_no_wait_leaves_no_time(
    make_pipeline: MakePipeline, script: MakeScript, clock: FakeClock
) -> None:
    """If the next attempt could not start in time the result comes back now."""
    fn = script(None, "never")
    pipeline = make_pipeline(classify_result=of_none(NOT_YET), retry=STEADY, total_timeout=1.0)
    assert (await pipeline.run(fn), clock.now()) == (None, 0.0)


@pytest.mark.parametrize(
    ("judgement", "after"),
    [
        (BROKEN, BreakerState.OPEN),
        (Judgement(Verdict.SUCCESS), BreakerState.CLOSED),
        (Judgement(Verdict.IGNORED), BreakerState.HALF_OPEN),
    ],
)
async def test_a_judged_result_is_news_for_the_circuit(
    make_pipeline: MakePipeline, breaker: CircuitBreaker, clock: FakeClock, judgement: Judgement, after: str
) -> None:
    """A probe's result closes, re-opens or does neither; its place is free in any case."""
    breaker.acquire().failure()
    clock.jump(60)
    await make_pipeline(classify_result=lambda _: judgement, breaker=breaker).run(asyncio.sleep, 0)
    assert (breaker.state, breaker.snapshot().probes) == (after, 0)


async def test_a_result_may_hold_the_circuit_open_for_longer(
    make_pipeline: MakePipeline, script: MakeScript, breaker: CircuitBreaker
) -> None:
    """As the service asked in it."""
    asking = Judgement(Verdict.FAILURE, retry_after=100.0)
    await make_pipeline(classify_result=of_none(asking), breaker=breaker).run(script(None))
    assert breaker.snapshot().retry_after == 100


async def test_a_circuit_that_opens_between_attempts_ends_the_call(
    make_pipeline: MakePipeline, script: MakeScript, breaker: CircuitBreaker
) -> None:
    """The rejection tells that there was an attempt before it."""
    pipeline = make_pipeline(classify_result=of_none(BROKEN), breaker=breaker, idempotent=True, retry=STEADY)
    with pytest.raises(CircuitOpenError) as caught:
        await pipeline.run(script(None, "never"))
    assert caught.value.attempts == 1
    assert caught.value.__notes__ == ["attempt 1 brought a result that was not good enough; waited 1.000 s"]


async def test_an_error_after_such_a_result_tells_of_it(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """Each earlier attempt has its note, whether it failed or not; a doubt about one of them stays."""
    fn = script(TransportError("reset"), None, ValueError("last"))
    with pytest.raises(ValueError, match="last") as caught:
        await make_pipeline(classify_result=of_none(NOT_YET), idempotent=True, retry=STEADY).run(fn)
    assert caught.value.__notes__ == [
        "attempt 1 failed with TransportError: reset; waited 1.000 s",
        "attempt 2 brought a result that was not good enough; waited 2.000 s",
    ]


async def test_a_doubt_outlives_a_result_that_was_not_good_enough(
    make_pipeline: MakePipeline, script: MakeScript, clock: FakeClock
) -> None:
    """If an earlier attempt may have acted, a refusal at the end does not make that undone."""
    bulkhead = Bulkhead(1, max_queue=0, clock=clock)

    async def poll() -> None:
        clock.call_later(0.1, bulkhead.try_acquire)  # somebody else takes the place before the next attempt

    fn = script(TransportError("reset"), poll)
    pipeline = make_pipeline(classify_result=of_none(NOT_YET), idempotent=True, bulkhead=bulkhead)
    with pytest.raises(viber.errors.RateLimitError) as caught:
        await pipeline.run(fn)
    assert (caught.value.delivery, caught.value.attempts) == (Delivery.UNKNOWN, 2)


async def test_listeners_see_a_retry_without_an_error(
    make_pipeline: MakePipeline, script: MakeScript, recorder: EventRecorder
) -> None:
    """And a call that ended without one, be its last result good or not."""
    pipeline = make_pipeline(
        classify_result=of_none(NOT_YET), retry=STEADY, listeners=Listeners(recorder)
    ).with_options(max_attempts=2)
    await pipeline.run(script(None, None))
    retries = [(event.attempt, event.delay, event.error) for event in recorder.of(RetryScheduled)]
    finished = [(event.attempts, event.error) for event in recorder.of(CallFinished)]
    assert (retries, finished) == ([(1, 1.0, None)], [(2, None)])


async def test_a_judge_that_raises_ends_the_call_and_holds_nothing(
    make_pipeline: MakePipeline, script: MakeScript, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """A defect there is raised as it is, and says nothing of the service."""

    def judge(_: object) -> Judgement:
        raise LookupError("a defect")

    breaker.acquire().failure()
    clock.jump(60)
    bulkhead = Bulkhead(1, clock=clock)
    with pytest.raises(LookupError, match="a defect"):
        await make_pipeline(classify_result=judge, breaker=breaker, bulkhead=bulkhead).run(script("there"))
    assert (bulkhead.taken, breaker.snapshot().probes) == (0, 0)
    assert breaker.state is BreakerState.HALF_OPEN


async def test_results_of_services_and_of_chaos_are_judged_too(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """What `execute` brings, and what a chaos policy puts in its place."""

    async def ask(call: Call) -> int | None:
        return None if call.number == 1 else call.number

    assert await make_pipeline(classify_result=of_none(NOT_YET)).execute(ask) == 2
    chaos = ChaosResult(None, rate=1.0)
    fn = script()
    assert await make_pipeline(classify_result=of_none(NOT_YET), chaos=[chaos]).run(fn) is None
    assert fn.calls == []
