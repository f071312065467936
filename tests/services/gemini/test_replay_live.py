"""Recorded streams over real connections, cut where a server may fail, and much traffic with faults in it."""

import asyncio
import json
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from viber.errors import BaseError, StreamInterruptedError
from viber.factory import ServiceFactory
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.services.gemini import GeminiConfig, GeminiService, TokenStream
from viber.settings import Settings

STREAMS: Final[dict[str, list[Any]]] = json.loads(
    (Path(__file__).parent / "recorded" / "streams.json").read_text()
)
CHUNKS: Final = STREAMS["reason in an event of its own, usage behind it"]
EVENTS: Final = [b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n" for chunk in CHUNKS]
STREAM: Final = b"".join(EVENTS)
BOUNDARIES: Final = [sum(map(len, EVENTS[:count])) for count in range(1, len(EVENTS) + 1)]
FINISHED: Final = 3
"""The finish reason is in the third event; usage follows it."""
HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
COUNTED: Final = " ".join(map(str, range(1, 41)))


@dataclass
class Cutter:
    """A server that sends so many bytes of a stream, and then ends in one of three ways."""

    size: int = 0
    ending: str = "ends"
    open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        writer.write(HEAD)
        for place in range(0, self.size, 100):
            piece = STREAM[place : min(place + 100, self.size)]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if self.ending == "ends":
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        if self.ending == "resets":
            linger_not = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        writer.close()
        self.open.discard(writer)


@pytest.fixture
async def cutter() -> AsyncIterator[tuple[Cutter, GeminiService]]:
    """The server, and our client in front of it."""
    cutter = Cutter()
    server = await asyncio.start_server(cutter.serve, "127.0.0.1", 0)
    async with AsyncExitStack() as stack:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        services = await stack.enter_async_context(ServiceFactory(Settings(gemini=settings(url))))
        yield cutter, services.gemini
    server.close()
    await server.wait_closed()


def settings(url: str) -> GeminiConfig:
    return GeminiConfig(
        api_key="made-up",
        base_url=url,
        retry=RetryConfig(max_attempts=1),
        breaker=CircuitBreakerConfig(failure_threshold=100_000),
    )


async def read(gemini: GeminiService, prompt: str = "x") -> tuple[list[Any], BaseError | None]:
    """What came, and how it ended: None is complete."""
    tokens = gemini.stream(prompt)
    seen: list[Any] = []
    try:
        async with tokens:
            async for token in tokens:
                seen.append(token.chunk)  # noqa: PERF401 - what came before the error is kept
    except BaseError as error:
        return seen, error
    return seen, None


def spare(number: int, ending: str) -> int:
    """How many bytes of an event's end may be missing: its blank line, where nothing is in doubt any more."""
    is_certain = ending == "ends" or number > FINISHED
    return 4 if is_certain else 1  # a CR alone is a line end too


@pytest.mark.parametrize("ending", ["ends", "closes", "resets"])
async def test_a_stream_cut_anywhere_is_complete_or_an_error(
    cutter: tuple[Cutter, GeminiService], ending: str
) -> None:
    """Around every event's end and in between: what was whole has come, and nothing else."""
    server, gemini = cutter
    server.ending = ending
    around = {place + step for place in (0, *BOUNDARIES) for step in (-5, -4, -3, -1, 0, 1)}
    for size in sorted({*around, *range(0, len(STREAM), 37)} & set(range(len(STREAM) + 1))):
        server.size = size
        seen, error = await read(gemini)
        came = sum(size >= place - spare(number, ending) for number, place in enumerate(BOUNDARIES, start=1))
        if ending == "resets":  # a reset may overtake what was sent before it
            came = min(came, len(seen))
        assert seen == CHUNKS[:came], size
        assert (error is None) == (came >= FINISHED), size
        if error is not None:
            text = "".join(chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in seen)
            assert isinstance(error, StreamInterruptedError) == bool(seen)
            assert not isinstance(error, StreamInterruptedError) or error.text == text
    assert not server.open


FAULTS: Final = ["cut-stream=2", "end-stream=3", "error-event=1", "error-tail=4"]


async def test_a_fifth_of_the_streams_breaks_and_none_is_taken_for_complete(live: Any) -> None:
    """Of 300, some 60 break: each is told with its part; all numbers add up, and nothing stays open."""
    tasks, handles = len(asyncio.all_tasks()), open_handles()
    ended: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    limit = asyncio.Semaphore(20)

    async def one(number: int) -> None:
        fault = f"{FAULTS[number % len(FAULTS)]};rate=0.2;seed={number % 7}"
        async with limit:
            tokens = live.suffering(fault, max_attempts=1).stream("count to 40")
            broken = await drain(tokens)
        assert COUNTED.startswith(tokens.text)
        assert (tokens.text == COUNTED) == (tokens.finish_reason == "STOP") == (broken is None)
        assert broken is None or (broken.text, broken.usage) == (tokens.text, tokens.usage)
        ended["complete" if broken is None else "broken"] += 1
        usage = tokens.usage
        totals.update(prompt=usage.prompt_tokens, answer=usage.candidates_tokens, total=usage.total_tokens)

    await asyncio.gather(*(one(number) for number in range(300)))
    assert ended.total() == 300
    assert 40 <= ended["broken"] <= 80
    stats = await live.quiet()
    assert (stats["streams_finished"], stats["streams_broken"]) == (ended["complete"], ended["broken"])
    assert totals["prompt"] == stats["usage"]["promptTokenCount"]
    assert totals["answer"] == stats["usage"]["candidatesTokenCount"] == stats["tokens_sent"]
    assert totals["total"] == stats["usage"]["totalTokenCount"]
    transport = live.gemini._channel.transport
    assert "busy=0" in repr(transport)
    await transport.aclose()
    for _ in range(500):  # the server's half closes in the loop's next turns
        if (left := open_handles() - handles) <= 0 and len(asyncio.all_tasks()) <= tasks:
            break
        await asyncio.sleep(0.01)
    assert left <= 0
    assert len(asyncio.all_tasks()) <= tasks


def open_handles() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def drain(tokens: TokenStream) -> StreamInterruptedError | None:
    """Read all of it; how it broke off, if it did."""
    try:
        async with tokens:
            async for _ in tokens:
                pass
    except StreamInterruptedError as error:
        return error
    return None
