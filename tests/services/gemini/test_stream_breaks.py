import json
from collections.abc import Callable
from typing import Any

import pytest

from story import STORY, broken, event, read
from viber.errors import (
    CircuitOpenError,
    Delivery,
    ServerError,
    StreamInterruptedError,
    TimeoutError,
    TransportError,
)
from viber.machines import CircuitBreakerConfig
from viber.services.gemini import GeminiRateLimitError, GeminiServerError, PromptBlockedError
from viber.testing import Chunks, Fail, Hang, Reply

Build = Callable[..., Any]


def error(code: int, **fields: Any) -> bytes:
    return b"data: " + json.dumps({"error": {"code": code, "message": "no", **fields}}).encode() + b"\r\n\r\n"


DROP = Fail(lambda: TransportError("reset"))


@pytest.mark.parametrize(
    ("tail", "cause", "counted"),
    [
        ([error(503)], GeminiServerError, 1),
        ([json.dumps({"error": {"code": 503, "message": "no"}}, indent=2).encode()], GeminiServerError, 1),
        ([DROP], TransportError, 1),
        ([], ServerError, 1),
        ([STORY[2][:-20]], ServerError, 1),
        ([b"data: <html>\n\n"], ServerError, 1),
        ([error(429)], GeminiRateLimitError, 0),
        ([Hang()], TimeoutError, 1),
    ],
    ids=["error event", "bare error", "reset", "clean end", "cut event", "nonsense", "quota", "silence"],
)
async def test_a_stream_that_breaks_off_is_never_complete(
    build: Build, tail: list[Any], cause: type[Exception], counted: int
) -> None:
    """Whatever the form: what came is delivered, then held by the error; the breaker hears of it once."""
    rig = build(Chunks([*STORY[:2], *tail]))
    async with rig.gemini.stream("Tell") as tokens:
        texts, interrupted = await broken(tokens)
    assert texts == ["Once", " upon"]
    assert interrupted.text == "Once upon"
    assert [part.text for part in interrupted.parts] == texts
    assert interrupted.usage.total_tokens == 0
    assert isinstance(interrupted.__cause__, cause)
    assert (interrupted.service, interrupted.operation, interrupted.attempts) == ("gemini", "stream", 1)
    assert interrupted.request_id == dict(rig.sent.headers)["x-request-id"]
    assert (interrupted.retryable, interrupted.delivery) == (False, Delivery.UNKNOWN)
    assert rig.failures == counted
    assert rig.transport.open_streams == 0
    with pytest.raises(StreamInterruptedError):
        await anext(tokens)
    assert rig.failures == counted


async def test_an_error_that_comes_along_with_a_token_counts_too(build: Build) -> None:
    """The network's cuts mean nothing: it is told behind the token, and the breaker hears of it."""
    rig = build(Chunks([STORY[0] + error(503)]))
    texts, interrupted = await broken(rig.gemini.stream("Tell"))
    assert (texts, interrupted.text) == (["Once"], "Once")
    assert (rig.failures, rig.transport.open_streams) == (1, 0)


@pytest.mark.parametrize(
    "first",
    [
        Reply(503, json={"error": {"code": 503, "message": "no"}}),
        Reply(json={"error": {"code": 503, "message": "no"}}),
        Chunks([error(503)]),
        Chunks([b"data: {"]),
        Chunks([DROP]),
        Reply(body=b""),
        Hang(),
        Chunks([Hang()]),
        Fail(lambda: TransportError("refused", delivery=Delivery.NOT_SENT)),
    ],
    ids=repr,
)
async def test_before_the_first_event_a_stream_is_retried(build: Build, first: Any) -> None:
    """As any call is: nothing was handed out yet."""
    rig = build(first, Chunks(STORY))
    async with rig.gemini.stream("Tell") as tokens:
        assert await read(tokens) == ["Once", " upon", " a time"]
    assert len(rig.transport.requests) == 2
    assert rig.transport.open_streams == 0
    assert rig.failures == 1


async def test_after_the_first_event_nothing_is_repeated(build: Build) -> None:
    """The caller has seen something: a second answer would begin anew."""
    rig = build(Chunks([STORY[0], DROP]))
    await broken(rig.gemini.stream("Tell"))
    assert len(rig.transport.requests) == 1


async def test_a_blocked_prompt_is_not_retried(build: Build) -> None:
    """The service is well, and says no."""
    blocked = b'data: {"promptFeedback": {"blockReason": "SAFETY"}}\r\n\r\n'
    rig = build(Chunks([blocked]))
    with pytest.raises(PromptBlockedError):
        await rig.gemini.stream("Tell").__aenter__()
    assert (rig.failures, rig.transport.open_streams) == (0, 0)


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "SAFETY", "SOMETHING_NEW"])
async def test_any_finish_reason_is_an_end(build: Build, reason: str) -> None:
    """It tells why the text stops where it does, and is no error."""
    rig = build(Chunks([STORY[0], event(finish=reason)]))
    async with rig.gemini.stream("Tell") as tokens:
        assert await read(tokens) == ["Once", ""]
    assert (tokens.finish_reason, tokens.text) == (reason, "Once")


async def test_usage_after_the_end_is_read(build: Build) -> None:
    """The numbers may follow the finish reason."""
    rig = build(
        Chunks([STORY[0], event(finish="STOP"), b'data: {"usageMetadata": {"totalTokenCount": 7}}\n\n'])
    )
    tokens = rig.gemini.stream("Tell")
    await read(tokens)
    assert tokens.usage.total_tokens == 7


@pytest.mark.parametrize("tail", [DROP, Hang(), error(503)], ids=["reset", "silence", "error"])
async def test_a_complete_answer_stays_complete(build: Build, tail: Any) -> None:
    """What goes wrong after the finish reason costs nothing but a short wait."""
    rig = build(Chunks([*STORY, tail]))
    async with rig.gemini.stream("Tell") as tokens:
        assert await read(tokens) == ["Once", " upon", " a time"]
    assert rig.transport.open_streams == 0
    assert rig.failures == 0
    assert rig.clock.now() <= 5


async def test_a_probe_that_breaks_off_opens_the_circuit_again(build: Build) -> None:
    """A first event alone does not make a service well."""
    breaker = CircuitBreakerConfig(
        failure_threshold=1, reset_timeout=10, half_open_max_calls=1, reset_jitter=0
    )
    rig = build(Reply(500), Chunks([STORY[0], DROP]), breaker=breaker)
    with pytest.raises(ServerError):
        await rig.gemini.with_options(max_attempts=1).generate_text("x")
    await rig.clock.sleep(11)
    async with rig.gemini.stream("x") as tokens:
        await anext(tokens)
        assert rig.breaker.state.value == "closed"
        await broken(tokens)
    assert rig.breaker.state.value == "open"
    with pytest.raises(CircuitOpenError):
        await rig.gemini.stream("x").__aenter__()


async def test_an_interruption_is_told_whatever_came_before(build: Build) -> None:
    """Numbers that are none do not hide how the stream ended."""
    rig = build(Chunks([event("a", usageMetadata={"totalTokenCount": "many"}), DROP]))
    _, interrupted = await broken(rig.gemini.stream("Tell"))
    assert (interrupted.text, interrupted.parts, interrupted.usage) == ("a", (), None)
