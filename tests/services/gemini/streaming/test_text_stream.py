import json
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from viber.errors import StreamInterruptedError, TransportError
from viber.testing import Chunks, Fail, Hang, StreamState

Build = Callable[..., Any]


def event(*parts: Any, finish: str | None = None) -> bytes:
    candidate: dict[str, Any] = {"content": {"parts": list(parts)}}
    chunk = {"candidates": [candidate | ({"finishReason": finish} if finish else {})]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


STORY = [
    event({"text": "hm", "thought": True}),
    event({"text": "Once"}),
    event({"text": ""}),
    event({"text": " upon"}, finish="STOP"),
]


async def test_pieces_are_text_and_none_is_empty(build: Build) -> None:
    """Thoughts are no text; the rest is told by the stream beneath."""
    rig = build(Chunks(STORY))
    texts = rig.gemini.stream_text("Tell")
    assert [text async for text in texts] == ["Once", " upon"]
    assert texts.text == "Once upon"
    assert texts.tokens.finish_reason == "STOP"
    assert texts.tokens.response.thoughts == "hm"
    assert rig.transport.streams[0].state is StreamState.KEPT


@pytest.mark.parametrize("leave", ["block", "close", "aclosing"])
async def test_leaving_early_drops_the_connection(build: Build, leave: str) -> None:
    """Before control returns."""
    rig = build(Chunks([*STORY[:2], Hang()]))
    texts = rig.gemini.stream_text("Tell")
    if leave == "block":
        async with texts:
            assert await anext(texts) == "Once"
    elif leave == "aclosing":
        async with aclosing(texts):
            assert await anext(texts) == "Once"
    else:
        assert await anext(texts) == "Once"
        texts.close()
    assert rig.transport.streams[0].state is StreamState.DROPPED


async def test_a_text_that_breaks_off_is_an_error(build: Build) -> None:
    """With what came."""
    rig = build(Chunks([*STORY[:2], Fail(lambda: TransportError("reset"))]))
    with pytest.raises(StreamInterruptedError) as caught:
        _ = [text async for text in rig.gemini.stream_text("Tell")]
    assert caught.value.text == "Once"


async def test_a_stream_of_text_dropped_half_read_says_so(build: Build) -> None:
    """Its connection is dropped."""
    rig = build(Chunks([*STORY[:2], Hang()]))
    texts = rig.gemini.stream_text("Tell")
    await anext(texts)
    with pytest.warns(ResourceWarning, match="async with"):
        del texts
    assert rig.transport.streams[0].state is StreamState.DROPPED


def test_a_repr_tells_the_state(build: Build) -> None:
    """And nothing of what was said."""
    assert repr(build().gemini.stream_text("Tell")) == "<TextStream of <TokenStream fresh, 0 characters>>"
