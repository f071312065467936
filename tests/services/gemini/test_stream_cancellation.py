"""A cancellation at any await: it goes on as it is, and nothing is held, counted or left open."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import StreamInterruptedError
from viber.services.gemini import GeminiService
from viber.testing import Chunks, FakeClock, Hang, Pause, Reply

Build = Callable[..., Any]


def event(text: str, finish: str | None = None) -> bytes:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}]}, "finishReason": finish}
    return b"data: " + json.dumps({"candidates": [candidate]}).encode() + b"\r\n\r\n"


async def in_a_block(gemini: GeminiService) -> None:
    async with gemini.stream("Tell") as tokens:
        async for _ in tokens:
            pass


async def without_a_block(gemini: GeminiService) -> None:
    async for _ in gemini.stream("Tell"):
        pass


WAITS = {
    "the connection": [Hang()],
    "the body of an error": [Chunks([b"{", Hang()], status=503)],
    "the first event": [Chunks([b"data: ", Hang()])],
    "the next event": [Chunks([event("a"), Hang()])],
    "the end of the body": [Chunks([event("a", "STOP"), Hang()])],
    "the next attempt": [Reply(503, json={"error": {"code": 503}})],
}


@pytest.mark.parametrize("use", [in_a_block, without_a_block])
@pytest.mark.parametrize("script", WAITS.values(), ids=WAITS.keys())
async def test_a_cancellation_leaves_nothing_open(build: Build, script: list[Any], use: Any) -> None:
    """Wherever the stream waits, it is gone when the cancelled task is."""
    rig = build(*script, clock=FakeClock())
    task = asyncio.ensure_future(use(rig.gemini))
    await rig.clock.settle()
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (rig.transport.open_streams, rig.transport.in_flight, rig.clock.pending) == (0, 0, 0)
    assert rig.failures == (1 if isinstance(script[0], Reply) else 0)


@pytest.mark.parametrize("turns", range(40))
async def test_a_cancellation_at_any_turn_of_the_loop(build: Build, turns: int) -> None:
    """Also between the waits: either the whole came, or nothing is left."""
    pieces = [piece for text in "abc" for piece in (Pause(0), event(text))]
    rig = build(Chunks([*pieces, Pause(0), event("", "STOP")]))
    task = asyncio.ensure_future(in_a_block(rig.gemini))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() or task.exception() is None
    assert (rig.transport.open_streams, rig.transport.in_flight, rig.clock.pending) == (0, 0, 0)
    assert rig.failures == 0


async def test_a_callers_own_timeout_is_a_timeout(build: Build) -> None:
    """It is not taken for silence of the stream, and the service is not blamed."""
    rig = build(Chunks([event("a"), Hang()]))
    scope = rig.clock.timeout(1)
    with pytest.raises(TimeoutError) as caught:
        async with scope:
            await in_a_block(rig.gemini)
    assert scope.expired()
    assert not isinstance(caught.value, StreamInterruptedError)
    assert (rig.transport.open_streams, rig.failures) == (0, 0)
