import asyncio
import gc
import threading
import warnings
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from story import STORY, read
from viber.testing import Chunks, Hang, Pause, Reply, StreamState

Build = Callable[..., Any]


async def test_a_stream_is_read_in_a_block(build: Build) -> None:
    """Tokens as they come; afterwards text, usage and reason of the whole; the connection is kept."""
    rig = build(Chunks(STORY))
    async with rig.gemini.stream("Tell") as tokens:
        assert tokens.text == ""
        assert await read(tokens) == ["Once", " upon", " a time"]
    assert (tokens.text, tokens.usage.total_tokens, tokens.finish_reason) == ("Once upon a time", 9, "STOP")
    assert [part.text for part in tokens.parts] == ["Once", " upon", " a time"]
    assert tokens.response.text == "Once upon a time"
    assert rig.transport.streams[0].state is StreamState.KEPT
    assert rig.failures == 0


async def test_a_stream_is_read_without_a_block(build: Build) -> None:
    """Exhausting it closes it; nothing is sent before the first step."""
    rig = build(Chunks(STORY))
    tokens = rig.gemini.stream("Tell")
    assert rig.transport.requests == []
    assert await read(tokens) == ["Once", " upon", " a time"]
    assert rig.transport.streams[0].state is StreamState.KEPT
    assert await read(tokens) == []


async def test_text_is_what_was_handed_out(build: Build) -> None:
    """Pieces that came in one go are counted when the caller gets them."""
    rig = build(Chunks([b"".join(STORY)]))
    async with rig.gemini.stream("Tell") as tokens:
        await anext(tokens)
        assert (tokens.text, tokens.finish_reason) == ("Once", None)


@pytest.mark.parametrize("leave", ["break", "error", "cancel"])
async def test_leaving_the_block_early_drops_the_connection(build: Build, leave: str) -> None:
    """Before control returns, whatever the reason."""
    rig = build(Chunks([STORY[0], Hang()]))

    async def use() -> None:
        async with rig.gemini.stream("Tell") as tokens:
            async for _ in tokens:
                if leave == "break":
                    break
                if leave == "error":
                    raise KeyError
                asyncio.current_task().cancel()  # type: ignore[union-attr]  # there is one

    expected = {"error": KeyError, "cancel": asyncio.CancelledError}.get(leave)
    if expected is None:
        await use()
    else:
        with pytest.raises(expected):
            await use()
    assert rig.transport.streams[0].state is StreamState.DROPPED
    assert rig.failures == 0


@pytest.mark.parametrize("close", ["close", "aclose", "aclosing"])
async def test_a_stream_can_be_closed_by_hand(build: Build, close: str) -> None:
    """What is given up is never taken for complete: reading on is a mistake."""
    rig = build(Chunks(STORY))
    tokens = rig.gemini.stream("Tell")
    await anext(tokens)
    if close == "close":
        tokens.close()
    elif close == "aclose":
        await tokens.aclose()
    else:
        async with aclosing(tokens):
            pass
    tokens.close()
    assert rig.transport.open_streams == 0
    with pytest.raises(RuntimeError, match="closed before its end"):
        await anext(tokens)
    with pytest.raises(RuntimeError, match="closed before its end"):
        await tokens.__aenter__()


async def test_a_stream_is_used_once(build: Build) -> None:
    """One that was read to its end, or closed before it began, does not begin anew."""
    rig = build(Chunks(STORY))
    tokens = rig.gemini.stream("Tell")
    await read(tokens)
    with pytest.raises(RuntimeError, match="read to its end"):
        await tokens.__aenter__()
    fresh = rig.gemini.stream("Tell")
    fresh.close()
    with pytest.raises(RuntimeError, match="closed"):
        await anext(fresh)
    assert len(rig.transport.requests) == 1


async def test_a_block_may_be_entered_after_the_first_step(build: Build) -> None:
    """It goes on where the iteration is."""
    rig = build(Chunks(STORY))
    tokens = rig.gemini.stream("Tell")
    await anext(tokens)
    async with tokens:
        assert await read(tokens) == [" upon", " a time"]
    assert len(rig.transport.requests) == 1


async def test_one_task_reads_a_stream(build: Build) -> None:
    """A second reader at the same time is told so, and the first one is not disturbed."""
    rig = build(Chunks([STORY[0], Pause(1), *STORY[1:]]))
    async with rig.gemini.stream("Tell") as tokens:
        first = asyncio.ensure_future(read(tokens))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task"):
            await anext(tokens)
        assert await first == ["Once", " upon", " a time"]


async def test_a_stream_dropped_half_read_says_so(build: Build) -> None:
    """Its connection is dropped, and a warning names the remedy."""
    rig = build(Chunks([STORY[0], Hang()]))
    tokens = rig.gemini.stream("Tell")
    await anext(tokens)
    with pytest.warns(ResourceWarning, match="async with"):
        del tokens
    assert rig.transport.streams[0].state is StreamState.DROPPED


async def test_a_stream_dropped_in_another_thread_is_closed_through_its_loop(build: Build) -> None:
    """A connection belongs to the thread of its loop."""
    rig = build(Chunks([STORY[0], Hang()]))
    last = [rig.gemini.stream("Tell")]
    await anext(last[0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        thread = threading.Thread(target=last.clear)
        thread.start()
        thread.join()
        assert rig.transport.open_streams == 1
    await asyncio.sleep(0)
    assert rig.transport.streams[0].state is StreamState.DROPPED
    assert [str(warning.category.__name__) for warning in caught] == ["ResourceWarning"]


async def test_a_stream_that_ended_or_never_began_is_dropped_silently(build: Build) -> None:
    """There is nothing to close."""
    rig = build(Chunks(STORY), Reply(400))
    tokens = rig.gemini.stream("Tell")
    await read(tokens)
    del tokens
    tokens = rig.gemini.stream("Tell")
    with pytest.raises(Exception, match="400"):
        await anext(tokens)
    del tokens
    rig.gemini.stream("Tell")
    gc.collect()
    assert rig.transport.open_streams == 0


async def test_a_repr_tells_the_state(build: Build) -> None:
    """And nothing of what was said."""
    rig = build(Chunks(STORY))
    tokens = rig.gemini.stream("Tell")
    states = [repr(tokens)]
    await anext(tokens)
    states.append(repr(tokens))
    await read(tokens)
    assert [*states, repr(tokens)] == [
        "<TokenStream fresh, 0 characters>",
        "<TokenStream open, 4 characters>",
        "<TokenStream ended, 16 characters>",
    ]
