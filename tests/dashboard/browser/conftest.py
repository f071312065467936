"""A real browser, Chromium, driven from outside; and the page behind a real server."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from viber.dashboard import Dashboard

SCRIPTS = Path(__file__).parent / "npm"
PATIENCE = 30.0
Serve = Callable[..., AbstractAsyncContextManager[int]]


class Browser:
    """One page of a browser; `problems` are what its console and its network complained of meanwhile."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    async def order(self, what: str, **details: Any) -> Any:
        async with asyncio.timeout(PATIENCE):
            answer = await asyncio.to_thread(self._exchange, {"what": what, **details})
        assert "error" not in answer, answer["error"]
        return answer["value"]

    async def look(self, code: str) -> Any:
        """The value of a JavaScript expression in the page."""
        return await self.order("look", code=code)

    async def until(self, code: str, within: float = PATIENCE) -> Any:
        """The value as soon as it is one that counts as true."""
        async with asyncio.timeout(within):
            while not (value := await self.look(code)):  # noqa: ASYNC110 - another process decides
                await asyncio.sleep(0.05)
            return value

    async def show(self, port: int, *, path: str = "/") -> None:
        """Open the page, and wait until it shows a service with its charts."""
        await self.order("size", width=1280, height=900, scheme="light")
        await self.order("go", url=f"http://127.0.0.1:{port}{path}")
        await self.until("document.querySelectorAll('.service .u-wrap canvas').length >= 2")

    async def problems(self) -> list[str]:
        """Since they were last asked for."""
        return list(await self.order("problems"))

    def _exchange(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@pytest.fixture(scope="session")
def chromium(
    node_program: str, node_modules: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator["subprocess.Popen[bytes]"]:
    """Chromium, under a program that does what lines of JSON say."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    process = subprocess.Popen(
        [node_program, str(SCRIPTS / "browser.mjs"), program, str(tmp_path_factory.mktemp("profile"))],
        env={**os.environ, "NODE_MODULES": str(node_modules(SCRIPTS))},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with process:
        yield process


@pytest.fixture
async def browser(chromium: "subprocess.Popen[bytes]") -> AsyncIterator[Browser]:
    page = Browser(chromium)
    yield page
    await page.order("go", url="about:blank")
    await page.problems()


@pytest.fixture
def serve() -> Serve:
    """Serves an application by uvicorn within a block, at the port that it returns."""

    @asynccontextmanager
    async def serving(page: Dashboard, port: int = 0, *, app: Any = None) -> AsyncIterator[int]:
        options: dict[str, Any] = {"log_level": "error", "lifespan": "off", "ws": "none"}
        server = uvicorn.Server(uvicorn.Config(app or page, port=port, **options))
        running = asyncio.create_task(server.serve())
        try:
            while not server.started:  # noqa: ASYNC110 - it tells no other way
                await asyncio.sleep(0.01)
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            page.end()
            server.should_exit = True
            await running

    return serving
