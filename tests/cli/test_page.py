"""`viber demo --page`: the live page of a demo, until a signal."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from viber.cli import _page
from viber.cli.__main__ import main


def test_without_a_server_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is started."""
    monkeypatch.setattr(_page, "find_spec", lambda name: None)
    assert main(["demo", "--page"]) == 2
    assert "viber-integration[dashboard,sandbox]" in capsys.readouterr().err


@pytest.fixture
async def demo() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "viber.cli", "demo", "--page", "--port", "0"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    yield process
    if process.returncode is None:
        process.kill()
    await process.communicate()


@pytest.mark.sandbox
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_until_a_signal_comes(
    demo: asyncio.subprocess.Process, number: signal.Signals
) -> None:
    """Also while somebody looks: the stream ends properly, and the exit code is that of Ctrl-C."""
    assert demo.stdout is not None
    line = await asyncio.wait_for(demo.stdout.readline(), 60.0)
    assert b"the page: http://127.0.0.1:" in line, (await demo.communicate())[1].decode()
    async with httpx.AsyncClient(base_url=line.decode().split()[2]) as client:
        async with client.stream("GET", "api/stream") as answer:
            lines = answer.aiter_lines()
            data = await anext(line async for line in lines if line.startswith("data:"))
            demo.send_signal(number)
            async with asyncio.timeout(10.0):
                _ = [line async for line in lines]
        told = (await asyncio.wait_for(demo.communicate(), 10.0))[1].decode()
    names = {service["name"] for service in json.loads(data.removeprefix("data:"))["services"]}
    assert names == {"supabase", "gemini"}
    assert (demo.returncode, "Traceback" in told) == (130, False), told
