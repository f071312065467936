from collections.abc import Callable
from typing import Any

import pytest

from story import STORY, broken, event
from viber.errors import (
    StreamInterruptedError,
    TimeoutError,
)
from viber.testing import Chunks, FakeClock, Hang, Pause

Build = Callable[..., Any]


async def test_silence_is_bounded_not_length(build: Build) -> None:
    """Each piece has its own time, and the caller may take any."""
    rig = build(Chunks([STORY[0], Pause(50), STORY[1], Pause(50), STORY[2]]), clock=FakeClock(auto=True))
    async with rig.gemini.stream("Tell") as tokens:
        async for _ in tokens:
            await rig.clock.sleep(1000)
    assert tokens.text == "Once upon a time"


async def test_idle_timeout_ends_a_silent_stream(build: Build) -> None:
    """After so many seconds without a piece, measured while the network is waited for."""
    rig = build(Chunks([STORY[0], Hang()]))
    async with rig.gemini.stream("Tell", idle_timeout=3) as tokens:
        _, interrupted = await broken(tokens)
    assert "silent for 3 s" in interrupted.message
    assert rig.clock.now() == 3
    assert rig.clock.pending == 0


async def test_comments_are_silence(build: Build) -> None:
    """They keep a connection alive, and not the answer."""
    pings: list[Any] = [Pause(2), b": ping\n\n"] * 10
    rig = build(Chunks([STORY[0], *pings, *STORY[1:]]), clock=FakeClock(auto=True))
    texts, interrupted = await broken(rig.gemini.stream("Tell", idle_timeout=3))
    assert texts == ["Once"]
    assert "silent for 3 s" in interrupted.message
    assert rig.clock.now() == 3


async def test_an_event_that_comes_slowly_is_no_silence(build: Build) -> None:
    """An image may take its time, as long as there is something of it."""
    pieces = [piece for byte in event("upon") for piece in (Pause(2), bytes([byte]))]
    rig = build(Chunks([STORY[0], *pieces, STORY[2]]), clock=FakeClock(auto=True))
    async with rig.gemini.stream("Tell", idle_timeout=3) as tokens:
        assert [token.text async for token in tokens] == ["Once", "upon", " a time"]


async def test_what_follows_the_end_is_not_waited_for_without_end(build: Build) -> None:
    """An answer that is complete is told as such, though its server goes on with comments."""
    pings: list[Any] = [Pause(2), b": ping\n\n"] * 10
    rig = build(Chunks([*STORY, *pings, Hang()]), clock=FakeClock(auto=True))
    async with rig.gemini.stream("Tell") as tokens:
        assert len([token async for token in tokens]) == 3
    assert rig.clock.now() == 5
    assert (rig.transport.open_streams, rig.clock.pending) == (0, 0)


async def test_first_event_timeout_replaces_timeout(build: Build) -> None:
    """It bounds each attempt up to the first event, from the call or from the configuration."""
    rig = build(Hang(), Hang(), first_event_timeout=7)
    for tokens, seconds in ((rig.gemini.stream("x"), 7), (rig.gemini.stream("x", first_event_timeout=2), 2)):
        started = rig.clock.now()
        rig.transport.add(*[Hang()] * 2)
        with pytest.raises(TimeoutError, match=f"within {seconds} s"):
            await tokens.__aenter__()
        assert rig.clock.now() >= started + 3 * seconds


async def test_total_timeout_bounds_the_stream_when_it_reads(build: Build) -> None:
    """The caller's own code is never cancelled, and the service is not blamed."""
    rig = build(Chunks([STORY[0], Pause(4), STORY[1], Pause(4), *STORY[2:]]))
    async with rig.gemini.stream("Tell", total_timeout=10) as tokens:
        assert (await anext(tokens)).text == "Once"
        await rig.clock.sleep(5)
        assert (await anext(tokens)).text == " upon"
        await rig.clock.sleep(5)
        with pytest.raises(StreamInterruptedError, match="within 10 s") as caught:
            await anext(tokens)
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert rig.failures == 0


async def test_total_timeout_bounds_the_opening_too(build: Build) -> None:
    """Attempts and waits included."""
    rig = build(Hang(), Hang(), Hang())
    with pytest.raises(TimeoutError):
        await rig.gemini.stream("Tell", total_timeout=5).__aenter__()
    assert rig.clock.now() == 5
