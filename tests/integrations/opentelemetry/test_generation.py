"""Calls of Gemini as spans."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace as otel
from opentelemetry.trace import StatusCode

from viber.errors import StreamInterruptedError, TransportError
from viber.services.gemini import GenerationConfig, ThinkingConfig
from viber.testing import Chunks, Fail, Hang, Pause, Reply

Trace = Callable[..., Any]
HALF = {"candidates": [{"content": {"parts": [{"text": "Hel"}]}}], "usageMetadata": {"promptTokenCount": 3}}
WHOLE = {
    "candidates": [{"content": {"parts": [{"text": "lo"}]}, "finishReason": "STOP"}],
    "usageMetadata": {
        "promptTokenCount": 10,
        "cachedContentTokenCount": 4,
        "toolUsePromptTokenCount": 3,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 7,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 8},
            {"modality": "IMAGE", "tokenCount": 2},
            {"modality": "VIDEO", "tokenCount": 1},
        ],
    },
    "modelVersion": "gemini-flash-001",
    "responseId": "r-1",
}


def events(*chunks: Any) -> list[bytes]:
    return [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]


def said(span: Any, prefix: str = "gen_ai.") -> dict[str, Any]:
    return {name: value for name, value in span.attributes.items() if name.startswith(prefix)}


async def test_an_answer_tells_what_was_asked_and_what_it_took(trace: Trace) -> None:
    """Input counts cached tokens and those of tools, output counts thoughts."""
    traced = trace(Reply(json=WHOLE))
    await traced.services.gemini.generate_content("hello", temperature=0.5, max_output_tokens=100)
    assert traced.call.name == "generate_content gemini-flash-latest"
    assert said(traced.call) == {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "gemini-flash-latest",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.response.id": "r-1",
        "gen_ai.response.model": "gemini-flash-001",
        "gen_ai.response.finish_reasons": ("STOP",),
        "gen_ai.usage.input_tokens": 13,
        "gen_ai.usage.output_tokens": 12,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.reasoning.output_tokens": 7,
    }


async def test_newer_names_are_used_where_they_are_asked_for(
    trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The opt-in adds the level of thinking and tokens by modality, as far as they have names."""
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http, gen_ai_latest_experimental")
    traced = trace(Reply(json=WHOLE))
    await traced.services.gemini.generate_content("hello", thinking=ThinkingConfig(level="LOW"))
    assert traced.call.attributes["gen_ai.request.reasoning.level"] == "low"
    assert traced.call.attributes["gen_ai.usage.text.input_tokens"] == 8
    assert traced.call.attributes["gen_ai.usage.image.input_tokens"] == 2
    assert not [name for name in traced.call.attributes if "video" in name]


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        (GenerationConfig(response_mime_type="application/json"), "json"),
        (GenerationConfig(response_modalities=("TEXT", "IMAGE")), "image"),
        (GenerationConfig(response_modalities=("AUDIO",)), "speech"),
        (GenerationConfig(), None),
    ],
)
async def test_what_kind_of_answer_was_wanted(
    trace: Trace, config: GenerationConfig, wanted: str | None
) -> None:
    """It is told where it was asked for."""
    traced = trace(Reply(json=WHOLE))
    await traced.services.gemini.generate_content("hello", generation_config=config)
    assert traced.call.attributes.get("gen_ai.output.type") == wanted


async def test_the_span_of_a_stream_lasts_until_the_stream_is_closed(trace: Trace) -> None:
    """It tells of the whole answer, and how long its first piece took."""
    first, last = events(HALF, WHOLE)
    traced = trace(Chunks([first, Pause(5.0), last], delay=2.0))
    async with traced.services.gemini.stream("hello") as stream:
        await anext(stream)
        assert [span.name for span in traced.spans] == ["POST"]
        async for _ in stream:
            pass
    assert said(traced.call, "gen_ai.response.") == {
        "gen_ai.response.id": "r-1",
        "gen_ai.response.model": "gemini-flash-001",
        "gen_ai.response.finish_reasons": ("STOP",),
        "gen_ai.response.time_to_first_chunk": 2.0,
    }
    assert traced.call.attributes["gen_ai.request.stream"] is True
    assert traced.call.attributes["gen_ai.usage.output_tokens"] == 12


async def test_a_stream_leaves_nothing_in_its_readers_context(trace: Trace) -> None:
    """What the reader does while it reads is not part of the call."""
    traced = trace(Chunks(events(HALF, WHOLE)))
    async with traced.services.gemini.stream("hello") as stream:
        async for _ in stream:
            assert not otel.get_current_span().get_span_context().is_valid
    assert not otel.get_current_span().get_span_context().is_valid


async def test_a_stream_that_is_left_early_ends_its_span(trace: Trace) -> None:
    """Its reader had enough: no failure, and no reason to stop was told."""
    traced = trace(Chunks([*events(HALF), Hang()]))
    async with traced.services.gemini.stream("hello") as stream:
        await anext(stream)
    assert traced.call.status.status_code is StatusCode.UNSET
    assert "gen_ai.response.finish_reasons" not in traced.call.attributes
    assert traced.call.attributes["gen_ai.usage.input_tokens"] == 3


async def test_a_stream_that_breaks_is_a_failure(trace: Trace) -> None:
    """The call had begun well, and its span says why it did not end well."""
    traced = trace(Chunks([*events(HALF), Fail(TransportError("reset"))]))
    with pytest.raises(StreamInterruptedError):
        async for _ in traced.services.gemini.stream("hello"):
            pass
    assert traced.call.status.status_code is StatusCode.ERROR
    assert traced.call.attributes["error.type"] == "transport.error"


async def test_a_stream_without_an_end_is_a_failure(trace: Trace) -> None:
    """A body that ends without a reason to stop was cut."""
    traced = trace(Chunks(events(HALF)))
    with pytest.raises(StreamInterruptedError):
        async for _ in traced.services.gemini.stream("hello"):
            pass
    assert traced.call.attributes["error.type"] == "gemini.stream_cut"


async def test_an_end_that_lacks_its_blank_line_is_told_too(trace: Trace) -> None:
    """The last bytes are read before the connection, and the span with it, ends."""
    first, last = events(HALF, WHOLE)
    traced = trace(Chunks([first, last.rstrip()]))
    async for _ in traced.services.gemini.stream("hello"):
        pass
    assert traced.call.status.status_code is StatusCode.UNSET
    assert traced.call.attributes["gen_ai.usage.output_tokens"] == 12


async def test_a_stream_that_began_at_the_second_attempt_is_one_call(trace: Trace) -> None:
    """What broke before the first event was repeated, and is no failure of the call."""
    traced = trace(Chunks([Fail(TransportError("reset"))]), Chunks(events(HALF, WHOLE)))
    async for _ in traced.services.gemini.stream("hello"):
        pass
    assert traced.call.status.status_code is StatusCode.UNSET
    assert traced.call.attributes["viber.attempts"] == len(traced.requests) == 2


async def test_a_stream_that_is_cancelled_ends_its_span(trace: Trace) -> None:
    """Whoever waits for the next piece may be cancelled: the connection and the span end with it."""
    traced = trace(Chunks([*events(HALF), Hang()]))

    async def read() -> None:
        async for _ in traced.services.gemini.stream("hello"):
            pass

    reading = asyncio.create_task(read())
    await traced.clock.settle()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert traced.transport.open_streams == 0
    assert traced.call.name.startswith("generate_content")


async def test_an_embedding_has_no_settings(trace: Trace) -> None:
    """Its operation is its own, and its output takes nothing."""
    traced = trace(Reply(json={"embeddings": [{"values": [0.1]}], "usageMetadata": {"promptTokenCount": 2}}))
    await traced.services.gemini.embed("hello")
    assert said(traced.call)["gen_ai.operation.name"] == "embeddings"
    assert said(traced.call, "gen_ai.usage.") == {
        "gen_ai.usage.input_tokens": 2,
        "gen_ai.usage.output_tokens": 0,
    }
    assert not [name for name in said(traced.call, "gen_ai.request.") if name != "gen_ai.request.model"]


async def test_neither_prompt_nor_answer_is_told(trace: Trace) -> None:
    """They are the data of users."""
    traced = trace(Reply(json=WHOLE))
    await traced.services.gemini.generate_content("my-own-words")
    told = str([span.to_json() for span in traced.spans])
    assert "my-own-words" not in told
    assert "gemini-key" not in told
    assert '"lo"' not in told
