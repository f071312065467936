"""The gate of a service: who is inside, and how it closes."""

import asyncio

import pytest

from viber.http import Request
from viber.services import Gate
from viber.testing import Chunks, ScriptedTransport

REQUEST = Request("GET", "http://127.0.0.1/")


async def test_an_empty_gate_closes_at_once() -> None:
    """Nobody is waited for where nobody is."""
    gate = Gate()
    await gate.close()
    assert repr(gate) == "<Gate closed, 0 inside>"


async def test_a_closed_gate_lets_nobody_in() -> None:
    """A new call is refused, with a word on what to do."""
    gate = Gate()
    await gate.close()
    with pytest.raises(RuntimeError, match="async with"), gate:
        pass


async def test_closing_waits_for_those_inside() -> None:
    """The last one to leave ends the waiting, for all who wait."""
    gate = Gate()
    with gate:
        closing = [asyncio.create_task(gate.close()) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in closing)
    await asyncio.gather(*closing)


async def test_a_cancelled_closing_waits_for_nobody() -> None:
    """Whoever stops waiting leaves the gate closed, and the others waiting."""
    gate = Gate()
    with gate:
        impatient, patient = (asyncio.create_task(gate.close()) for _ in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        assert not patient.done()
    await patient


@pytest.mark.parametrize("how", ["read to its end", "aborted", "aborted twice"])
async def test_a_stream_is_inside_until_it_ends(how: str) -> None:
    """A stream that is still arriving holds the gate, however it ends."""
    gate = Gate()
    stream = gate.hold(await ScriptedTransport(Chunks([b"one"])).open(REQUEST), list)
    assert (stream.status, dict(stream.headers)) == (200, dict(stream.headers))
    assert repr(gate) == "<Gate open, 1 inside>"
    if how == "read to its end":
        while await stream.read():
            pass
        await stream.aclose()
    for _ in range(how.count("aborted") + how.count("twice")):
        stream.abort()
    assert repr(gate) == "<Gate open, 0 inside>"
