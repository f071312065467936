import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from viber.http import HttpConfig, Request, create_transport
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.observability import Listeners
from viber.resilience import CircuitBreaker, Pipeline
from viber.sandbox._faults import FaultBook
from viber.sandbox._gemini import create_gemini_app
from viber.services import Channel
from viber.services.gemini import GeminiConfig, GeminiService
from viber.testing import FakeClock, ScriptedTransport

KEY = "AIza-made-up-for-tests"


@dataclass
class Rig:
    """A service whose transport answers from a script."""

    gemini: GeminiService
    transport: ScriptedTransport
    breaker: CircuitBreaker
    clock: FakeClock

    @property
    def sent(self) -> Request:
        """The only request."""
        (request,) = self.transport.requests
        return request

    @property
    def failures(self) -> int:
        """What the breaker has counted in its window."""
        return self.breaker.snapshot().failures


@dataclass
class Live:
    """A service on real connections to the sandbox's Gemini server."""

    gemini: GeminiService
    breaker: CircuitBreaker
    stats: Callable[[], Any]
    url: str

    def suffering(self, fault: str, **options: Any) -> GeminiService:
        """The service, each of whose requests is met with this fault."""
        return self.gemini.with_options(headers={"x-viber-fault": fault}, **options)

    async def quiet(self) -> dict[str, Any]:
        """The server's counts, as soon as it has seen every client go; none may stay for long."""
        async with asyncio.timeout(5):
            while True:
                stats: dict[str, Any] = await self.stats()
                if not stats["streams_open"] and not stats["requests_open"]:
                    return stats


def settings(**fields: Any) -> GeminiConfig:
    defaults = {"api_key": KEY, "retry": RetryConfig(jitter="none", initial_delay=1.0)}
    return GeminiConfig(**(defaults | fields))


def channel_of(config: GeminiConfig, transport: Any, breaker: CircuitBreaker, **time: Any) -> Channel:
    pipeline = Pipeline(
        "gemini",
        retry=config.retry,
        breaker=breaker,
        timeout=config.timeout,
        total_timeout=config.total_timeout,
        **time,
    )
    return Channel("gemini", transport, pipeline)


@pytest.fixture
def build() -> Callable[..., Rig]:
    """Make a service that gets these answers; keywords are its configuration."""

    def build(
        *script: Any, clock: FakeClock | None = None, listeners: Listeners | None = None, **config: Any
    ) -> Rig:
        clock = clock or FakeClock(auto=True)
        transport = ScriptedTransport(*script, clock=clock)
        chosen = settings(**config)
        breaker = CircuitBreaker("gemini", chosen.breaker, clock=clock)
        channel = channel_of(chosen, transport, breaker, clock=clock, listeners=listeners or Listeners())
        return Rig(GeminiService(chosen, channel), transport, breaker, clock)

    return build


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    """The sandbox's server on a loopback port, and a service on real connections to it."""
    app = create_gemini_app(api_key=KEY, book=FaultBook())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    config = settings(
        base_url=url,
        retry=RetryConfig(initial_delay=0.01, max_delay=0.02),
        breaker=CircuitBreakerConfig(failure_threshold=1000),
    )
    transport = create_transport(HttpConfig(), url)
    breaker = CircuitBreaker("gemini", config.breaker)

    async def stats() -> Any:
        answer = await transport.send(Request("GET", f"{url}/_sandbox/stats"))
        return json.loads(answer.body)

    yield Live(GeminiService(config, channel_of(config, transport, breaker)), breaker, stats, url)
    await transport.aclose()
    await runner.cleanup()
