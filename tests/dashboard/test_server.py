"""The page in an application behind a real server, which is told to stop while somebody looks."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent
PATIENCE = 20.0


@pytest.fixture
async def server() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Uvicorn with the application, in a process of its own, and its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "--app-dir", str(HERE), "--port", "0", "mounted_app:app"),
        stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE):
            while b"running on" not in (line := await process.stderr.readline()):
                assert line, "the server did not start"
        yield process, line.decode().split("running on ")[1].split()[0]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_the_page_is_there_and_its_parts_beside_it(
    server: tuple[asyncio.subprocess.Process, str],
) -> None:
    """Addresses relative to it lead to them."""
    async with httpx.AsyncClient(base_url=server[1], follow_redirects=True) as client:
        page = await client.get("/ops/viber")
        assert page.url.path == "/ops/viber/"
        script = await client.get(page.url.join("static/app.js"))
        picture = await client.get(page.url.join("api/snapshot"))
    assert (page.status_code, script.status_code) == (200, 200)
    assert [service["name"] for service in picture.json()["services"]] == ["quotes"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_open_streams_do_not_keep_a_server_from_stopping(
    server: tuple[asyncio.subprocess.Process, str], number: signal.Signals
) -> None:
    """They end properly, and the server is gone at once."""
    process, url = server
    async with (
        httpx.AsyncClient(base_url=url) as client,
        client.stream("GET", "/ops/viber/api/stream") as one,
        client.stream("GET", "/ops/viber/api/stream") as other,
    ):
        streams = [one.aiter_lines(), other.aiter_lines()]
        for lines in streams:
            await anext(line async for line in lines if line == "event: snapshot")
        process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            for lines in streams:
                _ = [line async for line in lines]
            await process.wait()
