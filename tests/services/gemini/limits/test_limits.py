import asyncio
import json
from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from viber.errors import ConfigurationError, Delivery, RateLimitError, ServerError
from viber.machines import RateLimit
from viber.services.gemini import GeminiRateLimitError, LearnedQuota, ModelLimits
from viber.testing import Chunks, FakeClock, Reply

Build = Callable[..., Any]

MIDNIGHT = 8 * 3600
"""Seconds until midnight in California on the clock of these tests."""
RETRY_IN_7 = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}


def answer(prompt: int = 10) -> Reply:
    said = {"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": prompt, "candidatesTokenCount": 1}
    return Reply(json={"candidates": [said], "usageMetadata": usage})


def refused(quota: str, value: str = "5", message: str = "no", *details: Any) -> Reply:
    violations = [{"quotaId": quota, "quotaValue": value}]
    failure = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations}
    error = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": [failure, *details]}
    return Reply(429, json={"error": error})


def limits(**fields: Any) -> tuple[ModelLimits, ...]:
    return (ModelLimits(**({"guard": 0.0} | fields)),)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"rpm": 10}, [RateLimit(requests=10, per=60.0, guard=0.5)]),
        ({"tpm": 10, "guard": 0.0}, [RateLimit(tokens=10, per=60.0)]),
        ({"rpd": 10}, [RateLimit(requests=10, per="day", zone="America/Los_Angeles")]),
        ({}, []),
    ],
)
def test_limits_are_those_of_a_limiter(fields: Any, expected: list[RateLimit]) -> None:
    """Minutes are a bit longer than a minute, days are those of California."""
    assert list(ModelLimits(**fields).rate_limits) == expected


async def test_each_model_has_limits_of_its_own(build: Build) -> None:
    """One that is used up holds up no other."""
    rig = build(*[answer()] * 4, limits=limits(rpm=1))
    for model in ("a", "b", "models/a"):
        await rig.gemini.generate_text("hi", model=model)
    assert rig.clock.now() == 60.0
    assert rig.gemini.limits.status().keys() == {"a", "b"}


async def test_the_first_pattern_that_fits_counts(build: Build) -> None:
    """What fits none has no limits."""
    rig = build(*[answer()] * 6, limits=(*limits(model="a-lite", rpm=2), *limits(model="a*", rpm=1)))
    for model in ("a-lite", "a-lite", "b", "b", "a", "a"):
        await rig.gemini.generate_text("hi", model=model)
    assert rig.clock.now() == 60.0


async def test_tokens_are_settled_by_what_was_used(build: Build) -> None:
    """The estimate was far too high, and the difference comes back at once."""
    rig = build(*[answer(10)] * 3, limits=limits(tpm=100))
    for _ in range(3):
        await rig.gemini.generate_text("x" * 60)
    assert rig.clock.now() == 0.0
    [status] = rig.gemini.limits.status()["gemini-flash-latest"].limits
    assert (status.used, status.remaining) == (30, 70)


async def test_a_stream_is_settled_at_its_first_event(build: Build) -> None:
    """It need not end for others to go on."""
    said = {
        "candidates": [{"content": {"parts": [{"text": "a"}]}}],
        "usageMetadata": {"promptTokenCount": 10},
    }
    rig = build(Chunks([b"data: " + json.dumps(said).encode() + b"\n\n"]), answer(), limits=limits(tpm=100))
    async with rig.gemini.stream("x" * 60):
        await rig.gemini.generate_text("x" * 60)
    assert rig.clock.now() == 0.0


async def test_a_stream_that_tells_late_is_settled_late(build: Build) -> None:
    """At its end, at the latest."""
    first = {"candidates": [{"content": {"parts": [{"text": "a"}]}}]}
    last = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 10}}
    events = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in (first, last)]
    rig = build(Chunks(events), answer(), limits=limits(tpm=100))
    async with rig.gemini.stream("x" * 60) as tokens:
        assert [token.text async for token in tokens] == ["a", ""]
    await rig.gemini.generate_text("x" * 60)
    assert rig.clock.now() == 0.0


@pytest.mark.parametrize("told", ["many", [], 0, None], ids=repr)
async def test_what_was_not_told_stays_reserved(build: Build, told: Any) -> None:
    """The estimate stands, since the server may have counted as much."""
    said = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": told}}
    rig = build(Chunks([b"data: " + json.dumps(said).encode() + b"\n\n"]), limits=limits(tpm=100))
    async with rig.gemini.stream("x" * 60) as tokens:
        [token async for token in tokens]
    [status] = rig.gemini.limits.status()["gemini-flash-latest"].limits
    assert status.used == rig.gemini.estimate_tokens("x" * 60)


async def test_nothing_is_learned_from_what_was_not_told(build: Build) -> None:
    """Or estimates would shrink to nothing."""
    silent = Reply(json={"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]})
    rig = build(*[silent] * 40, limits=limits(tpm=100_000))
    for _ in range(40):
        await rig.gemini.generate_text("hi")
    assert rig.gemini.limits.status()["gemini-flash-latest"].estimates == 1.0


async def test_what_tools_add_to_a_prompt_is_input(build: Build) -> None:
    """It counts against the minute as the prompt does."""
    usage = {"promptTokenCount": 10, "toolUsePromptTokenCount": 5}
    said = {"candidates": [{"content": {"parts": [{"text": "a"}]}}], "usageMetadata": usage}
    rig = build(Chunks([b"data: " + json.dumps(said).encode() + b"\n\n"]), limits=limits(tpm=1000))
    async with rig.gemini.stream("hi"):
        [status] = rig.gemini.limits.status()["gemini-flash-latest"].limits
    assert status.used == 15


async def test_a_prompt_that_looks_longer_than_the_limit_is_sent(build: Build) -> None:
    """It takes all of the limit: an estimate is no reason to refuse."""
    rig = build(answer(90), limits=limits(tpm=100))
    assert await rig.gemini.generate_text("x" * 10_000) == "a"


async def test_estimates_learn(build: Build) -> None:
    """After some answers no more is reserved than they took, and a bit."""
    rig = build(*[answer(20)] * 40, limits=limits(tpm=100_000))
    for _ in range(40):
        await rig.gemini.generate_text("x" * 150)
    estimated = rig.gemini.estimate_tokens("x" * 150)
    assert rig.gemini.limits.status()["gemini-flash-latest"].estimates == pytest.approx(20 / estimated * 1.02)


async def test_who_would_wait_too_long_is_told_at_once(build: Build) -> None:
    """With the time at which to come back; nothing was sent."""
    rig = build(answer(), limits=limits(rpd=1))
    await rig.gemini.generate_text("hi")
    with pytest.raises(RateLimitError) as caught:
        await rig.gemini.generate_text("hi")
    assert (caught.value.delivery, caught.value.retry_after) == (Delivery.NOT_SENT, MIDNIGHT)
    assert len(rig.transport.requests) == 1


async def test_who_has_time_waits_for_the_day(build: Build) -> None:
    """Until midnight in California."""
    rig = build(answer(), answer(), limits=limits(rpd=1), total_timeout=None)
    for _ in range(2):
        await rig.gemini.generate_text("hi")
    assert rig.clock.now() == MIDNIGHT


async def test_a_quota_of_the_day_closes_the_model(build: Build) -> None:
    """Nobody asks it again before the day is over, without any limit configured; others are asked."""
    rig = build(refused("RequestsPerDay", "50", "no", RETRY_IN_7), answer())
    with pytest.raises(GeminiRateLimitError):
        await rig.gemini.generate_text("hi", model="a")
    with pytest.raises(RateLimitError, match="as the server asked") as caught:
        await rig.gemini.generate_text("hi", model="a")
    assert (caught.value.delivery, caught.value.retry_after) == (Delivery.NOT_SENT, MIDNIGHT + 60)
    await rig.gemini.generate_text("hi", model="b")
    status = rig.gemini.limits.status()["a"]
    assert (status.held_for, status.limits) == (MIDNIGHT + 60, ())
    assert status.learned == (LearnedQuota("RequestsPerDay", 50),)


async def test_a_closed_model_opens_after_midnight(build: Build) -> None:
    """By itself."""
    clock = FakeClock()
    rig = build(refused("RequestsPerDay"), answer(), clock=clock)
    with pytest.raises(GeminiRateLimitError):
        await rig.gemini.generate_text("hi")
    await clock.advance(MIDNIGHT + 60)
    assert await rig.gemini.generate_text("hi") == "a"


async def test_without_any_quota_a_model_is_closed_for_good(build: Build) -> None:
    """Until somebody opens it again."""
    clock = FakeClock()
    rig = build(refused("RequestsPerMinute", "0"), answer(), clock=clock)
    with pytest.raises(GeminiRateLimitError):
        await rig.gemini.generate_text("hi")
    await clock.advance(10 * MIDNIGHT)
    with pytest.raises(RateLimitError) as caught:
        await rig.gemini.generate_text("hi")
    assert (caught.value.retry_after, caught.value.retryable) == (None, False)
    assert rig.gemini.limits.status()["gemini-flash-latest"].held_for == inf
    rig.gemini.limits.reopen("gemini-flash-latest")
    assert await rig.gemini.generate_text("hi") == "a"


async def test_a_minute_that_is_used_up_holds_all_calls_to_the_model(build: Build) -> None:
    """As long as the server says, and what it named is learned although the call succeeds in the end."""
    rig = build(refused("RequestsPerMinute", "15", "no", RETRY_IN_7), answer(), answer())
    await asyncio.gather(*(rig.gemini.generate_text("hi") for _ in range(2)))
    assert rig.clock.now() == 7.0
    [learned] = rig.gemini.limits.status()["gemini-flash-latest"].learned
    assert learned == LearnedQuota("RequestsPerMinute", 15)


async def test_a_refused_stream_teaches_too(build: Build) -> None:
    """Its answer was no stream."""
    rig = build(refused("TokensPerMinute", "1000", "no", RETRY_IN_7), Chunks([]))
    with pytest.raises(RateLimitError):
        async with rig.gemini.with_options(max_attempts=1).stream("hi"):
            pass
    assert rig.gemini.limits.status()["gemini-flash-latest"].learned == (
        LearnedQuota("TokensPerMinute", 1000),
    )


async def test_each_view_keeps_its_options(build: Build) -> None:
    """Though all of them stand in the line of one model."""
    rig = build(answer(), Reply(503), Reply(503), answer())
    await rig.gemini.generate_text("hi")
    with pytest.raises(ServerError):
        await rig.gemini.with_options(max_attempts=1).generate_text("hi")
    assert await rig.gemini.generate_text("hi") == "a"
    assert len(rig.transport.requests) == 4


async def test_every_attempt_counts(build: Build) -> None:
    """A repeated one too: the server counts it."""
    rig = build(Reply(503), answer(), limits=limits(rpm=1))
    await rig.gemini.generate_text("hi")
    assert rig.clock.now() == 60.0


async def test_models_are_bounded(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those beyond the bound share what stands in front of them."""
    monkeypatch.setattr("viber.services.gemini.limits._project._MOST_MODELS", 2)
    rig = build(*[answer()] * 5)
    for model in ("a", "b", "c", "d", "a"):
        await rig.gemini.generate_text("hi", model=model)
    assert rig.gemini.limits.status().keys() == {"a", "b", "(other)"}


async def test_what_is_learned_is_bounded(build: Build) -> None:
    """A server may name what it likes."""
    rig = build(*(refused(f"quota {number}") for number in range(30)))
    for _ in range(30):
        with pytest.raises(RateLimitError):
            await rig.gemini.with_options(max_attempts=1).generate_text("hi")
    assert len(rig.gemini.limits.status()["gemini-flash-latest"].learned) == 20


@pytest.mark.parametrize("wrong", [{"rpm": 0}, {"tpm": -1}, {"model": ""}, {"guard": -1.0}, {"tokens": 5}])
def test_limits_are_checked(wrong: dict[str, Any]) -> None:
    """A number not above 0, a pattern that fits nothing, a field that does not exist."""
    with pytest.raises(ConfigurationError):
        ModelLimits(**wrong)


def test_limits_of_models_and_of_the_service_exclude_each_other(build: Build) -> None:
    """A call stands in one line."""
    with pytest.raises(ConfigurationError, match="rate_limits"):
        build(limits=limits(rpm=1), rate_limits=(RateLimit(requests=1),))
