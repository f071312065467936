"""A dashboard on a fake clock, asked as an ASGI server asks."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from viber.dashboard import Dashboard
from viber.errors import BaseError
from viber.factory import ServiceFactory
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.resilience import Pipeline
from viber.settings import Settings
from viber.testing import FakeClock

LOCAL = ("127.0.0.1", 50_000)
HOST = (b"host", b"localhost:8000")


class Answer:
    """What came back for one request."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.is_complete = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def events(self) -> list[tuple[str, Any]]:
        """The events of a stream, each by its name with its data."""
        fields = [
            dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            for block in self.body.decode().split("\n\n")
        ]
        return [(each["event"], json.loads(each["data"])) for each in fields if "event" in each]

    async def take(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            self.is_complete = not message.get("more_body", False)


class Reader:
    """A viewer of the stream: `answer` is what it got; while `can_read` is not set it takes nothing."""

    request: asyncio.Task[None]

    def __init__(self) -> None:
        self.answer = Answer()
        self.has_left = asyncio.Event()
        self.can_read = asyncio.Event()
        self.can_read.set()

    async def receive(self) -> dict[str, Any]:
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.can_read.wait()
        await self.answer.take(message)


class Stage:
    """Services on a fake clock, and dashboards of them."""

    def __init__(self, services: ServiceFactory, clock: FakeClock) -> None:
        self.services = services
        self.clock = clock
        breaker = CircuitBreakerConfig(failure_threshold=2, reset_timeout=10.0, half_open_max_calls=1)
        self.quotes = services.pipeline("quotes", breaker=breaker, retry=RetryConfig(max_attempts=1))

    def dashboard(self, **options: Any) -> Dashboard:
        return Dashboard(self.services, clock=self.clock, **options)

    def scope(self, path: str, method: str = "GET", **changes: Any) -> dict[str, Any]:
        scope = {"type": "http", "method": method, "path": path, "root_path": "", "client": LOCAL}
        return {**scope, "headers": [HOST], **changes}

    async def ask(
        self, app: Dashboard, path: str, *, method: str = "GET", body: bytes = b"", **changes: Any
    ) -> Answer:
        """One request, and the whole answer to it."""
        answer = Answer()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        await app(self.scope(path, method, **changes), receive, answer.take)
        return answer

    @asynccontextmanager
    async def watching(self, app: Dashboard) -> AsyncIterator[Reader]:
        """A viewer within the block, who has seen the snapshot when it begins."""
        reader = Reader()
        reader.request = asyncio.create_task(app(self.scope("/api/stream"), reader.receive, reader.send))
        await self.clock.settle()
        try:
            yield reader
        finally:
            reader.has_left.set()
            await reader.request

    async def call(self, *outcomes: Exception | None, pipeline: Pipeline | None = None) -> None:
        """One call for each outcome; what it raises is seen by the services alone."""

        async def fetch(outcome: Exception | None) -> None:
            if outcome is not None:
                raise outcome

        for outcome in outcomes:
            with suppress(BaseError, OSError):
                await (pipeline or self.quotes).run(fetch, outcome)

    async def picture(self, app: Dashboard | None = None) -> Any:
        """What the page is told now."""
        return (await self.ask(app or self.dashboard(), "/api/snapshot")).json


@pytest.fixture
async def stage(fake_clock: FakeClock) -> AsyncIterator[Stage]:
    async with ServiceFactory(Settings(), clock=fake_clock, rng=lambda: 0.0) as services:
        yield Stage(services, fake_clock)
