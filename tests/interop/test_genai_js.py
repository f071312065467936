"""Google's JavaScript client against the sandbox's Gemini server."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from viber.sandbox._faults import FaultBook
from viber.sandbox._gemini import create_gemini_app

pytestmark = pytest.mark.timeout(300)  # the first run of a machine fetches the packages

KEY = "sandbox-key"

Run = Callable[[str], Any]


@pytest.fixture
async def run(node: Callable[[str], list[str]], node_environment: dict[str, str]) -> AsyncIterator[Run]:
    """Have the client do one thing, and return what it made of it."""
    runner = web.AppRunner(create_gemini_app(api_key=KEY, book=FaultBook()), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def run(task: str) -> Any:
        process = await asyncio.create_subprocess_exec(
            *node("genai.mjs"), task, url, KEY,
            env=node_environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return json.loads(out)

    yield run
    await runner.cleanup()


COUNTED = " ".join(map(str, range(1, 31)))


@pytest.mark.parametrize(
    ("task", "outcome"),
    [
        ("generate", ["1 2 3 4 5", 8, "STOP"]),
        ("stream", COUNTED),
        ("tokens", 3),
        ("embed", [8, 8]),
        ("models", [19, "models/gemini-3.8-flash"]),
        ("files", ["PROCESSING", "ACTIVE", "9000000", "1 2", True]),
        ("caches", [3, True, True]),
        ("batches", [["JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_SUCCEEDED"], "1 2"]),
        ("error", 404),
    ],
)
async def test_the_client_is_served(run: Run, task: str, outcome: Any) -> None:
    """Every family of methods gives what it gives on Google's own servers."""
    assert await run(task) == outcome
