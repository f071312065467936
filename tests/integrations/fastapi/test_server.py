"""The example under a real server: readers that leave, and a server that is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

EXAMPLES = Path(__file__).parents[3] / "examples"
PATIENCE = 20.0


class Server:
    """uvicorn with the example, in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[asyncio.StreamReader]:
        """A browser that has asked for a story; it leaves at the end of the block."""
        source, sink = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            sink.write(b"GET /story HTTP/1.1\r\nhost: app\r\n\r\n")
            await source.readuntil(b"event: delta")
            yield source
        finally:
            sink.transport.abort()


@pytest.fixture
async def server(viber_sandbox: Sandbox) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "--app-dir", str(EXAMPLES), "--port", "0", "fastapi_app:app"),
        env={**os.environ, **viber_sandbox.environment()},
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE):
            while b"running on" not in (line := await process.stderr.readline()):
                assert line, "the server did not start"
        yield Server(process, int(line.split(b"http://127.0.0.1:")[1].split()[0]))
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def streams_open(sandbox: Sandbox) -> int:
    async with httpx.AsyncClient() as client:
        stats = await client.get(f"{sandbox.gemini_url}/_sandbox/stats")
    return int(stats.json()["streams_open"])


async def until_none_is_open(sandbox: Sandbox) -> None:
    async with asyncio.timeout(PATIENCE):
        while await streams_open(sandbox):  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.05)


async def test_readers_that_leave_end_their_streams(server: Server, viber_sandbox: Sandbox) -> None:
    """Of two hundred at once half meet a stream that stalls and leave: nothing stays open upstream."""
    viber_sandbox.gemini_faults.add("stall=3; rate=0.5; seed=7")
    told = {"to the end": 0, "left": 0}

    async def read() -> None:
        async with server.reader() as source:
            try:
                async with asyncio.timeout(2.0):
                    await source.readuntil(b"event: done")
            except TimeoutError:
                told["left"] += 1
            else:
                told["to the end"] += 1

    try:
        async with asyncio.timeout(PATIENCE * 2), asyncio.TaskGroup() as group:
            for _ in range(200):
                group.create_task(read())
    finally:
        viber_sandbox.gemini_faults.clear()
    assert sum(told.values()) == 200
    assert min(told.values()) > 50
    await until_none_is_open(viber_sandbox)


async def test_a_server_that_is_told_to_stop_ends_its_streams(server: Server, viber_sandbox: Sandbox) -> None:
    """Every reader is told, nothing is left upstream, and the process ends though streams were open."""
    viber_sandbox.gemini_faults.add("stall=3")

    async def read(opened: asyncio.Barrier) -> bytes:
        async with server.reader() as source:
            await opened.wait()
            return await source.read()

    opened = asyncio.Barrier(21)
    try:
        readers = [asyncio.create_task(read(opened)) for _ in range(20)]
        await opened.wait()
        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            last = await asyncio.gather(*readers)
            await server.process.wait()
    finally:
        viber_sandbox.gemini_faults.clear()
    assert all(b"event: error" in each and b"server.stopping" in each for each in last)
    await until_none_is_open(viber_sandbox)


async def test_what_fails_before_the_first_token_is_an_answer(server: Server, viber_sandbox: Sandbox) -> None:
    """A problem with a status like any other, and the time to wait."""
    viber_sandbox.gemini_faults.add("status=400; message=no")
    try:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{server.port}/story")
    finally:
        viber_sandbox.gemini_faults.clear()
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["requestId"] == answer.headers["x-request-id"]
