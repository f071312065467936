import json
from collections.abc import Callable
from typing import Any

from story import STORY, broken, read
from viber.services.gemini import GeminiServerError
from viber.testing import Chunks, Reply

Build = Callable[..., Any]


def continued(text: str, token: str) -> bytes:
    chunk = {
        "candidates": [
            {
                "content": {"parts": [{"text": text}]},
                "finishReason": "CONTINUATION",
                "continuationToken": token,
            }
        ],
        "usageMetadata": {"totalTokenCount": 5},
    }
    return b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n"


async def test_a_continued_stream_goes_on(build: Build) -> None:
    """The caller sees one answer; each request counts."""
    rig = build(Chunks([continued("a", "t1")]), Chunks([continued("b", "t2")]), Chunks(STORY[2:]))
    async with rig.gemini.stream("Tell") as tokens:
        assert await read(tokens) == ["a", "b", " a time"]
    tails = [json.loads(request.body).get("continuationToken") for request in rig.transport.requests]
    assert tails == [None, "t1", "t2"]
    assert (tokens.finish_reason, tokens.usage.total_tokens) == ("STOP", 19)


async def test_an_endless_stream_is_ended(build: Build) -> None:
    """After so many continuations, with the text so far."""
    rig = build(*[Chunks([continued("a", "t")])] * 3, max_continuations=2)
    texts, interrupted = await broken(rig.gemini.stream("Tell"))
    assert (len(texts), interrupted.text) == (3, "aaa")
    assert isinstance(interrupted.__cause__, GeminiServerError)
    assert len(rig.transport.requests) == 3


async def test_a_continuation_that_fails_breaks_the_stream_off(build: Build) -> None:
    """Its attempts are retried, and the text so far is not lost."""
    rig = build(Chunks([continued("a", "t")]), *[Reply(503)] * 3)
    _, interrupted = await broken(rig.gemini.stream("Tell"))
    assert (interrupted.text, len(rig.transport.requests)) == ("a", 4)
    assert rig.failures == 3
