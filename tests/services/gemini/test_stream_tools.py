import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import StreamInterruptedError
from viber.services.gemini import ToolRoundsError
from viber.testing import Chunks, Hang

Build = Callable[..., Any]


def streaming(*parts: Any) -> Chunks:
    said = {"content": {"parts": list(parts), "role": "model"}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    return Chunks([b"data: " + json.dumps({"candidates": [said], "usageMetadata": usage}).encode() + b"\n\n"])


def call(name: str, **args: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": args}}


async def get_weather(city: str) -> dict[str, str]:
    """What the weather is."""
    return {"sky": f"rain in {city}"}


def sent(rig: Any, place: int) -> Any:
    return json.loads(rig.transport.requests[place].body)


async def test_a_stream_goes_on_after_tools(build: Build) -> None:
    """What was said before, then the tools, then the answer: one stream, and no connection meanwhile."""
    open_streams: list[int] = []

    async def find(city: str) -> dict[str, str]:
        open_streams.append(rig.transport.open_streams)
        return {"sky": f"rain in {city}"}

    signed = {**call("find", city="Oslo"), "thoughtSignature": "s"}
    rig = build(streaming({"text": "Let me see. "}, signed), streaming({"text": "Rain."}))
    async with rig.gemini.stream("?", tools=[find]) as tokens:
        assert [token.text async for token in tokens] == ["Let me see. ", "Rain."]
    assert tokens.text == "Let me see. Rain."
    assert tokens.is_complete
    assert tokens.usage.total_tokens == 10
    assert [part.text for part in tokens.parts] == ["Rain."]
    assert tokens.response.tool_calls[0].response == {"sky": "rain in Oslo"}
    assert len(tokens.response.turns) == 3
    assert sent(rig, 1)["contents"][1]["parts"] == [{"text": "Let me see. "}, signed]
    assert [*open_streams, rig.transport.open_streams] == [0, 0]


async def test_a_stream_whose_tools_find_no_end_is_interrupted(build: Build) -> None:
    """What came so far is in the error, and why in its cause."""
    rig = build(streaming({"text": "Hm. "}, call("get_weather", city="Oslo")))
    tokens = rig.gemini.stream("?", tools=[get_weather], max_tool_rounds=0)
    with pytest.raises(StreamInterruptedError, match="0 rounds") as caught:
        _ = [token async for token in tokens]
    assert caught.value.text == "Hm. "
    assert isinstance(caught.value.__cause__, ToolRoundsError)


async def test_a_stream_cancelled_while_tools_run_is_closed(build: Build) -> None:
    """It cannot be read on: the tools would run twice."""
    started = asyncio.Event()

    async def hang() -> None:
        started.set()
        await asyncio.Event().wait()

    rig = build(streaming(call("hang")), Hang())
    tokens = rig.gemini.stream("?", tools=[hang], tool_timeout=None)
    await anext(tokens)
    reading = asyncio.ensure_future(anext(tokens))
    await started.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    with pytest.raises(RuntimeError, match="closed before its end"):
        await anext(tokens)
    assert rig.transport.open_streams == 0
    assert len(rig.transport.requests) == 1


async def test_a_stream_closed_while_tools_run_asks_no_more(build: Build) -> None:
    """Whoever closes it does not want the rest."""

    async def close() -> None:
        tokens.close()

    rig = build(streaming(call("close")))
    tokens = rig.gemini.stream("?", tools=[close])
    await anext(tokens)
    with pytest.raises(RuntimeError, match="closed before its end"):
        await anext(tokens)
    assert len(rig.transport.requests) == 1


async def test_a_stream_that_breaks_off_after_tools_is_interrupted(build: Build) -> None:
    """All of the text so far is in the error, and what was called; nothing is called twice."""
    rig = build(streaming({"text": "Hm. "}, call("get_weather", city="Oslo")), Chunks([b""], status=400))
    tokens = rig.gemini.stream("?", tools=[get_weather])
    with pytest.raises(StreamInterruptedError) as caught:
        _ = [token async for token in tokens]
    assert caught.value.text == "Hm. "
    assert caught.value.__notes__ == ["tools had been called: get_weather"]
    assert caught.value.suggestion
    with pytest.raises(StreamInterruptedError):
        await anext(tokens)
    assert len(rig.transport.requests) == 2
