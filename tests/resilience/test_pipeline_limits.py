"""What a pipeline's calls take of a rate limit, what goes back, and what the service may say about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from viber.errors import (
    BaseError,
    CircuitOpenError,
    Delivery,
    RateLimitError,
    ServerError,
    TransportError,
)
from viber.machines import Judgement, RateLimit, RetryConfig, Verdict
from viber.observability import LimitPaused, Listeners
from viber.resilience import Bulkhead, Call, CircuitBreaker, Pipeline, RateLimiter
from viber.testing import EventRecorder, FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]
ONCE = RetryConfig(max_attempts=1)


@pytest.fixture
def limiter(clock: FakeClock, recorder: EventRecorder) -> RateLimiter:
    """Nine requests and a hundred tokens a minute."""
    minute = (RateLimit(requests=9, per=60.0), RateLimit(tokens=100, per=60.0))
    return RateLimiter(*minute, clock=clock, listeners=Listeners(recorder))


def not_sent() -> TransportError:
    return TransportError("refused", delivery=Delivery.NOT_SENT)


def used(limiter: RateLimiter) -> tuple[int, ...]:
    """Requests and tokens."""
    return tuple(limit.used for limit in limiter.status().limits)


def held_for(limiter: RateLimiter) -> float:
    return limiter.status().held_for


async def outcome(pipeline: Pipeline, fn: Any) -> Any:
    [result] = await asyncio.gather(pipeline.run(fn), return_exceptions=True)
    return result


async def test_each_attempt_takes_a_grant(
    make_pipeline: MakePipeline, limiter: RateLimiter, script: MakeScript
) -> None:
    """What is sent twice counts twice."""
    await make_pipeline(limiter=limiter, idempotent=True).run(script(ServerError("broken"), "there"))
    assert used(limiter) == (2, 0)


async def test_a_grant_whose_request_never_left_goes_back(
    make_pipeline: MakePipeline, limiter: RateLimiter, script: MakeScript
) -> None:
    """NOT_SENT gives it back; an attempt that reached the service, or may have, keeps its own."""
    await make_pipeline(limiter=limiter).run(script(not_sent(), "there"))
    assert used(limiter) == (1, 0)
    await outcome(make_pipeline(limiter=limiter, retry=ONCE), script(TransportError("reset")))
    assert used(limiter) == (2, 0)


async def test_a_grant_that_was_used_never_goes_back(
    make_pipeline: MakePipeline, limiter: RateLimiter, script: MakeScript, clock: FakeClock
) -> None:
    """If the next attempt is turned away before its turn, that of the attempt before stays used."""
    bulkhead = Bulkhead(1, max_queue=0, clock=clock)
    pipeline = make_pipeline(limiter=limiter, bulkhead=bulkhead, idempotent=True)
    call = asyncio.create_task(outcome(pipeline, script(ServerError("broken"), "never")))
    await clock.sleep(0.25)  # the call waits for its next attempt
    await bulkhead.acquire()
    error = await call
    assert (type(error), error.attempts, used(limiter)) == (ServerError, 1, (1, 0))
    assert error.__notes__ == ["not repeated: the next attempt would have had to wait too long"]


async def test_tokens_are_reserved_by_estimate_and_settled_through_the_call(
    make_pipeline: MakePipeline, limiter: RateLimiter
) -> None:
    """What was estimated too high comes back when the call says what it really took."""

    async def ask(call: Call) -> Call:
        assert used(limiter) == (1, 60)
        return call

    call = await make_pipeline(limiter=limiter).execute(ask, tokens=60)
    assert call.reservation is not None
    limiter.settle(call.reservation, tokens=20)
    assert used(limiter) == (1, 20)


async def test_each_attempt_has_its_own_reservation(
    make_pipeline: MakePipeline, limiter: RateLimiter
) -> None:
    """An attempt that was never sent reserves nothing in the end; the one that follows reserves anew."""
    seen: list[Any] = []

    async def ask(call: Call) -> None:
        seen.append(call.reservation)
        if call.number == 1:
            raise not_sent()

    await make_pipeline(limiter=limiter).execute(ask, tokens=60)
    assert [grant.tokens for grant in seen] == [0, 60]
    assert used(limiter) == (1, 60)


async def test_what_no_limit_could_ever_grant_is_refused_at_once(
    make_pipeline: MakePipeline, limiter: RateLimiter, clock: FakeClock
) -> None:
    """More tokens than the limit itself are not waited for; nothing is held."""
    bulkhead = Bulkhead(1, clock=clock)
    pipeline = make_pipeline(limiter=limiter, bulkhead=bulkhead)
    with pytest.raises(RateLimitError) as caught:
        await pipeline.execute(lambda _: pytest.fail("it was called"), tokens=101)
    assert (caught.value.code, caught.value.retryable) == ("rate_limit.too_heavy", False)
    with pytest.raises(ValueError, match="tokens takes a whole number from 0 on"):
        await pipeline.execute(lambda _: pytest.fail("it was called"), tokens=-1)
    assert (bulkhead.taken, used(limiter), clock.now()) == (0, (0, 0), 0.0)


async def test_a_429_of_the_service_pauses_the_limiter_for_all(
    make_pipeline: MakePipeline,
    limiter: RateLimiter,
    script: MakeScript,
    clock: FakeClock,
    recorder: EventRecorder,
) -> None:
    """Nobody goes before the time that the service asked for, whoever was told."""
    pipeline = make_pipeline(limiter=limiter)
    told, other = script(RateLimitError("slow down", retry_after=7.25), "there"), script("there")
    first = asyncio.create_task(pipeline.run(told))
    await clock.sleep(1)
    await asyncio.gather(first, pipeline.run(other))
    assert (told.calls, other.calls) == ([0.0, 7.25], [7.25])
    assert recorder.of(LimitPaused) == [LimitPaused("", 7.25, 0.0)]


async def test_any_error_of_the_service_may_ask_for_a_pause(
    make_pipeline: MakePipeline, limiter: RateLimiter, script: MakeScript
) -> None:
    """A 503 with Retry-After too, and it does not have to be repeated for that."""
    await outcome(
        make_pipeline(limiter=limiter, retry=ONCE), script(ServerError("maintenance", retry_after=30.0))
    )
    assert held_for(limiter) == 30


async def test_a_result_may_ask_for_a_pause(
    make_pipeline: MakePipeline, limiter: RateLimiter, script: MakeScript
) -> None:
    """Where it is results that are judged, a judgement's wait is the service's wish all the same."""
    busy = Judgement(Verdict.IGNORED, retry_after=30.0)
    pipeline = make_pipeline(limiter=limiter, classify_result=lambda result: busy)
    assert (await outcome(pipeline, script(429)), held_for(limiter)) == (429, 30)


@pytest.mark.parametrize(("retry_after", "pause"), [(None, inf), (3600.0, 3600.0)])
async def test_a_quota_that_is_gone_stops_the_limiter(
    make_pipeline: MakePipeline,
    limiter: RateLimiter,
    script: MakeScript,
    retry_after: float | None,
    pause: float,
) -> None:
    """A 429 that will not pass stops all calls, for the time that the service knows or for good."""
    gone = RateLimitError("quota of the day", retryable=False, retry_after=retry_after)
    pipeline = make_pipeline(limiter=limiter, idempotent=True).with_options(total_timeout=100.0)
    fn = script(gone, "never")
    assert await outcome(pipeline, fn) is gone
    assert (len(fn.calls), held_for(limiter)) == (1, pause)
    refused = await outcome(pipeline, fn)
    assert isinstance(refused, RateLimitError)
    assert (refused.delivery, refused.retry_after) == (Delivery.NOT_SENT, retry_after)


@pytest.mark.parametrize(
    "refusal",
    [
        CircuitOpenError(retry_after=30.0),
        RateLimitError("local", delivery=Delivery.NOT_SENT, retry_after=30.0),
        RateLimitError("local", delivery=Delivery.NOT_SENT, retryable=False),
    ],
    ids=["circuit", "limit", "quota"],
)
async def test_a_refusal_further_inside_pauses_nothing(
    make_pipeline: MakePipeline, limiter: RateLimiter, script: MakeScript, refusal: BaseError
) -> None:
    """What another policy refused, the service has not said; nor was the grant used."""
    assert await outcome(make_pipeline(limiter=limiter, idempotent=True), script(refusal)) is refusal
    assert (held_for(limiter), used(limiter)) == (0, (0, 0))


@pytest.mark.parametrize("wait", [-1.0, 0.0, float("nan")])
async def test_a_wait_that_is_none_pauses_nothing(
    make_pipeline: MakePipeline, limiter: RateLimiter, script: MakeScript, clock: FakeClock, wait: float
) -> None:
    """Nonsense that somebody reads from an answer is not heeded, and holds no place."""
    bulkhead = Bulkhead(1, clock=clock)
    error = ServerError("broken", retry_after=wait)
    pipeline = make_pipeline(limiter=limiter, bulkhead=bulkhead, retry=ONCE)
    assert await outcome(pipeline, script(error)) is error
    assert (held_for(limiter), bulkhead.taken) == (0, 0)


async def test_a_place_can_be_kept_beyond_the_call(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """What a stream holds until it is closed is given back once, by whoever closes it."""
    bulkhead = Bulkhead(1, clock=clock)

    async def open_stream(call: Call) -> tuple[Callable[[], None], Callable[[], None]]:
        return call.keep_place(), call.keep_place()

    close, twice = await make_pipeline(bulkhead=bulkhead).execute(open_stream)
    assert bulkhead.taken == 1
    twice()
    assert bulkhead.taken == 1
    close()
    assert bulkhead.taken == 0


async def test_a_kept_place_is_not_given_back_by_a_failure(
    make_pipeline: MakePipeline, clock: FakeClock
) -> None:
    """Once kept, it is the keeper's, however the attempt ends."""
    bulkhead, kept = Bulkhead(2, clock=clock), list[Callable[[], None]]()

    async def open_stream(call: Call) -> None:
        kept.append(call.keep_place())
        raise ServerError("cut")

    with pytest.raises(ServerError):
        await make_pipeline(bulkhead=bulkhead, idempotent=True, retry=RetryConfig(max_attempts=2)).execute(
            open_stream
        )
    assert bulkhead.taken == 2
    for close in kept:
        close()
    assert bulkhead.taken == 0


async def test_without_a_bulkhead_there_is_no_place_to_keep(
    make_pipeline: MakePipeline, clock: FakeClock
) -> None:
    """Whoever asks is given something to call all the same."""

    async def open_stream(call: Call) -> Callable[[], None]:
        return call.keep_place()

    close = await make_pipeline(breaker=CircuitBreaker("quotes", clock=clock)).execute(open_stream)
    close()
