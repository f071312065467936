"""Whatever happens in a chat, the conversation stays one that the server takes."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viber.errors import BaseError, TransportError
from viber.http import Request
from viber.sandbox._gemini_answer import stream_events, whole_answer
from viber.sandbox._gemini_model import reply_to
from viber.sandbox._gemini_request import read_generation
from viber.sandbox._gemini_wire import GeminiRefusedError
from viber.services.gemini import Chat, Trim
from viber.testing import Chunks, Fail, Reply

Build = Callable[..., Any]

messages = st.sampled_from(
    ["count to 9", "[[call]] now", "[[think]] why", "[[safety]] this", "[[block]] that", "[[finish:OTHER]]"]
)
steps = st.lists(
    st.tuples(messages, st.sampled_from(["send", "stream", "leave", "cut", "refused"])),
    min_size=1,
    max_size=8,
)
trims = st.none() | st.builds(Trim, st.integers(20, 400), st.sampled_from(["oldest", "middle"]))


class Server:
    """The sandbox's model without a socket; `fault` is what it does to the next answers."""

    def __init__(self) -> None:
        self.fault = ""
        self.refused: list[str] = []

    def __call__(self, request: Request) -> Reply | Chunks:
        if self.fault == "refused":
            return Reply(400, json={"error": {"code": 400, "message": "no"}})
        try:
            reply = reply_to(read_generation("gemini-3.8-flash", json.loads(request.body or b"")))
        except GeminiRefusedError as error:
            self.refused.append(error.message)
            return Reply(error.http, json=error.body())
        if "stream" not in request.url:
            return Reply(json=whole_answer(reply).payload)
        events = [b"data: " + json.dumps(event.payload).encode() + b"\n\n" for event in stream_events(reply)]
        return Chunks([*events[:1], Fail(lambda: TransportError("reset"))] if self.fault == "cut" else events)


async def take_turn(chat: Chat, message: str, how: str) -> bool:
    """Whether the turn came to its end."""
    if how in ("send", "refused"):
        await chat.send(message)
        return True
    async with chat.stream(message) as tokens:
        async for _ in tokens:
            if how == "leave":
                break
    return tokens.is_complete


async def play(gemini: Any, server: Server, script: Sequence[tuple[str, str]], trim: Trim | None) -> None:
    async def weather(city: str) -> str:
        return f"rain in {city}"

    chat = gemini.chat(tools=[weather], trim=trim)
    for message, how in script:
        before, server.fault = chat.history, how if how in ("cut", "refused") else ""
        try:
            is_whole = await take_turn(chat, message, how)
        except BaseError:
            is_whole = False
        assert chat.history[: len(before)] == before
        assert (len(chat.history) > len(before)) == is_whole
        chat = gemini.chat(restored=chat.to_json(), tools=[weather], trim=trim)
    roles = [turn.role for turn in chat.history]
    assert roles == ["user", "model"] * (len(roles) // 2)
    assert server.refused == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, trims)
def test_a_chat_stays_whole(build: Build, script: list[tuple[str, str]], trim: Trim | None) -> None:
    """A turn is in the history as a whole or not at all, and no signature or response is ever lost."""
    server = Server()
    rig = build(*[server] * 100)
    asyncio.run(play(rig.gemini, server, script, trim))
    assert rig.transport.open_streams == 0
