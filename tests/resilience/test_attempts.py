"""Attempts as a loop: the same policies for what does not fit into one function."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import viber.errors
from viber.errors import CircuitOpenError, Delivery, RateLimitError, ServerError
from viber.machines import BreakerState, CircuitBreakerConfig, Judgement, RateLimit, RetryConfig, Verdict
from viber.observability import CallFinished, Listeners, RetryScheduled
from viber.resilience import Bulkhead, CircuitBreaker, Deadline, Fallback, Pipeline, RateLimiter
from viber.testing import EventRecorder, FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]
STEADY = RetryConfig(jitter="none")


async def looped(pipeline: Pipeline, fn: Callable[[], Any], **facts: Any) -> Any:
    async for attempt in pipeline.attempts(**facts):
        async with attempt:
            return await fn()
    raise AssertionError("the last attempt returns or raises")


async def test_a_block_that_ends_well_ends_the_loop(make_pipeline: MakePipeline) -> None:
    """One round, without a `return` or a `break`."""
    rounds: list[int] = []
    async for attempt in make_pipeline().attempts():
        async with attempt:
            rounds.append(attempt.number)
    assert rounds == [1]


async def test_a_failed_block_is_repeated(
    make_pipeline: MakePipeline, script: MakeScript, clock: FakeClock
) -> None:
    """After the wait of the schedule, with the next number."""
    fn, seen = script(OSError(), OSError(), "there"), list[tuple[int, int]]()
    async for attempt in make_pipeline(idempotent=True, retry=STEADY).attempts():
        before = attempt.number
        async with attempt:
            seen.append((before, attempt.number))
            assert await fn() == "there"
    assert (fn.calls, seen) == ([0.0, 1.0, 3.0], [(0, 1), (1, 2), (2, 3)])


async def test_the_last_error_leaves_the_loop_with_its_notes(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """The very object that was raised, and what was before."""
    last = ServerError("last")
    fn = script(OSError("first"), OSError("second"), last)
    with pytest.raises(ServerError) as caught:
        await looped(make_pipeline(idempotent=True, retry=STEADY), fn, operation="quote")
    assert (caught.value is last, last.attempts, last.operation, last.__cause__) == (True, 3, "quote", None)
    assert last.__notes__ == [
        "attempt 1 failed with OSError: first; waited 1.000 s",
        "attempt 2 failed with OSError: second; waited 2.000 s",
        "no attempts left",
    ]


@pytest.mark.parametrize(
    ("idempotent", "said", "calls"), [(False, None, 1), (True, None, 2), (False, True, 2), (True, False, 1)]
)
async def test_whether_a_block_may_be_repeated_can_be_said_for_the_loop(
    make_pipeline: MakePipeline, script: MakeScript, *, idempotent: bool, said: bool | None, calls: int
) -> None:
    """What is said there counts more than what was said for the pipeline."""
    fn = script(OSError(), "there")
    await asyncio.gather(
        looped(make_pipeline(idempotent=idempotent), fn, idempotent=said), return_exceptions=True
    )
    assert len(fn.calls) == calls


async def test_an_attempt_ends_at_its_timeout(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """The block is cancelled, unwinds and is repeated; the last one raises ours."""
    began: list[float] = []

    async def silent() -> None:
        began.append(clock.now())
        await clock.sleep(60)

    with pytest.raises(viber.errors.TimeoutError) as caught:
        await looped(make_pipeline(timeout=2.0, idempotent=True, retry=STEADY), silent)
    assert (began, clock.now(), clock.pending) == ([0.0, 3.0, 7.0], 9.0, 0)
    assert (caught.value.code, caught.value.delivery) == ("timeout.attempt", Delivery.UNKNOWN)


async def test_the_whole_loop_is_bounded(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """By `total_timeout` and by a surrounding deadline, whichever is nearer."""
    with pytest.raises(viber.errors.TimeoutError) as caught:
        await looped(make_pipeline(total_timeout=3.0), lambda: clock.sleep(60))
    assert (clock.now(), caught.value.code) == (3.0, "timeout.total")
    with Deadline(2.0, clock=clock), pytest.raises(viber.errors.TimeoutError):
        await looped(make_pipeline(total_timeout=3.0), lambda: clock.sleep(60))
    assert clock.now() == 5


async def test_an_open_circuit_lets_nobody_enter(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """The rejection leaves the loop, and the block is not run."""
    breaker = CircuitBreaker("quotes", clock=clock)
    breaker.isolate()
    with pytest.raises(CircuitOpenError):
        await looped(make_pipeline(breaker=breaker, idempotent=True), lambda: pytest.fail("it ran"))


async def test_each_block_is_news_for_the_circuit(
    make_pipeline: MakePipeline, script: MakeScript, clock: FakeClock
) -> None:
    """A failed block is a failure, and a good one closes a circuit as a probe."""
    config = CircuitBreakerConfig(failure_threshold=1, half_open_max_calls=1, reset_jitter=0)
    breaker = CircuitBreaker("quotes", config, clock=clock)
    with pytest.raises(ServerError):
        await looped(make_pipeline(breaker=breaker), script(ServerError("broken")))
    assert breaker.state is BreakerState.OPEN
    clock.jump(60)
    await looped(make_pipeline(breaker=breaker), script("there"))
    assert breaker.state is BreakerState.CLOSED


async def test_blocks_stand_in_line(
    make_pipeline: MakePipeline, script: MakeScript, clock: FakeClock
) -> None:
    """They hold a place while they run, and take what they will need of a limit."""
    bulkhead, limiter = Bulkhead(1, clock=clock), RateLimiter(RateLimit(tokens=10, per=60.0), clock=clock)
    async for attempt in make_pipeline(bulkhead=bulkhead, limiter=limiter).attempts(tokens=7):
        async with attempt:
            assert (bulkhead.taken, limiter.status().limits[0].used) == (1, 7)
    assert bulkhead.taken == 0
    with pytest.raises(RateLimitError):
        await looped(make_pipeline(limiter=limiter, total_timeout=5.0), script("never"), tokens=7)


async def test_leaving_early_is_a_good_end(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """A `break` or a `return` out of the block is no error, and holds nothing."""
    bulkhead = Bulkhead(1, clock=clock)
    async for attempt in make_pipeline(bulkhead=bulkhead, timeout=5.0).attempts():
        async with attempt:
            break
    assert (bulkhead.taken, clock.pending) == (0, 0)


async def test_what_stands_around_a_function_is_left_out(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """A loop has no result that could be judged or replaced."""
    bad = Judgement(Verdict.FAILURE, retryable=True, safe=True)

    async def instead(_: Exception) -> str:
        return "instead"

    pipeline = make_pipeline(fallback=Fallback(instead, on=ServerError), classify_result=lambda _: bad)
    with pytest.raises(ServerError):
        await looped(pipeline, script(ServerError("broken")))
    rounds: list[int] = []
    async for attempt in pipeline.attempts():
        async with attempt:
            rounds.append(attempt.number)
    assert rounds == [1]


async def test_the_loop_tells_what_happens(
    make_pipeline: MakePipeline, script: MakeScript, recorder: EventRecorder
) -> None:
    """Listeners hear of it as of any other call."""
    pipeline = make_pipeline(listeners=Listeners(recorder), retry=STEADY)
    await looped(pipeline, script(OSError(), "there"), operation="quote", idempotent=True)
    assert [(event.operation, event.delay) for event in recorder.of(RetryScheduled)] == [("quote", 1.0)]
    finished = [(event.attempts, event.duration, event.error) for event in recorder.of(CallFinished)]
    assert finished == [(2, 1.0, None)]


async def test_a_loop_cancelled_between_attempts_is_over(
    make_pipeline: MakePipeline, script: MakeScript, recorder: EventRecorder
) -> None:
    """The cancellation goes on, is told, and no other attempt is made."""
    clock, fn = FakeClock(), script(OSError(), "never")
    pipeline = make_pipeline(clock=clock, idempotent=True, listeners=Listeners(recorder))
    task = asyncio.create_task(looped(pipeline, fn))
    await clock.settle()
    task.cancel()
    await asyncio.wait([task])
    assert (task.cancelled(), len(fn.calls), clock.pending) == (True, 1, 0)
    [finished] = recorder.of(CallFinished)
    assert isinstance(finished.error, asyncio.CancelledError)


async def test_each_attempt_has_to_be_entered(make_pipeline: MakePipeline) -> None:
    """A loop that tries nothing would go on for ever."""
    with pytest.raises(RuntimeError, match="enter each attempt"):
        async for _ in make_pipeline().attempts():
            pass


async def test_an_attempt_is_entered_once(make_pipeline: MakePipeline) -> None:
    """Whether another one follows is decided by how it ended."""
    attempt = await anext(make_pipeline().attempts())
    async with attempt:
        with pytest.raises(RuntimeError, match="entered once"):
            await attempt.__aenter__()
    with pytest.raises(RuntimeError, match="entered once"):
        await attempt.__aenter__()


async def test_the_attempts_of_a_call_are_one_loop(make_pipeline: MakePipeline) -> None:
    """A second loop over them would try nothing, and say nothing."""
    attempts = make_pipeline().attempts()
    async for attempt in attempts:
        async with attempt:
            pass
    with pytest.raises(RuntimeError, match="ask for new ones"):
        aiter(attempts)
