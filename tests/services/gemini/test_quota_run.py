"""Three hours against a server that enforces its limits exactly: none is met, and hardly any is wasted."""

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from viber.http import Request, Response, ResponseStream
from viber.machines import CircuitBreakerConfig
from viber.resilience import CircuitBreaker, Pipeline
from viber.services import Channel
from viber.services.gemini import GeminiConfig, GeminiService, ModelLimits
from viber.testing import FakeClock

HOURS = 3
MINUTE = 60.0
PACIFIC = ZoneInfo("America/Los_Angeles")
HALF_PAST_TEN = datetime(2026, 11, 25, 22, 30, tzinfo=PACIFIC).timestamp()
"""In the evening, in California: midnight comes within the three hours."""
CALLERS = 40


@dataclass
class StrictServer:
    """Counts what arrives in any minute and in each day of California, and answers after a while."""

    clock: FakeClock
    rng: random.Random
    rpm: int
    tpm: int
    rpd: int
    refusals: int = 0
    requests: int = 0
    tokens: int = 0
    lately: int = 0
    days: dict[Any, int] = field(default_factory=dict)
    window: deque[tuple[float, int]] = field(default_factory=deque)

    async def send(self, request: Request) -> Response:
        await self.clock.sleep(self.rng.uniform(0.01, 0.2))
        tokens = self._count(request)
        if not self._admits(tokens):
            self.refusals += 1
            return Response(429, {}, b'{"error": {"code": 429, "message": "quota"}}')
        await self.clock.sleep(self.rng.uniform(0.5, 4.0))
        said = {"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}
        usage = {"promptTokenCount": tokens, "candidatesTokenCount": 1, "totalTokenCount": tokens + 1}
        return Response(200, {}, json.dumps({"candidates": [said], "usageMetadata": usage}).encode())

    async def open(self, request: Request) -> ResponseStream:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing is open."""

    def _count(self, request: Request) -> int:
        """About four letters are a token, in one text a bit more than in another."""
        return round((len(request.body or b"") - 50) / self.rng.uniform(3.8, 4.2))

    def _admits(self, tokens: int) -> bool:
        now, window = self.clock.now(), self.window
        while window and window[0][0] <= now - MINUTE:
            self.lately -= window.popleft()[1]
        day = datetime.fromtimestamp(self.clock.wall(), UTC).astimezone(PACIFIC).date()
        used = self.days.get(day, 0)
        if len(window) >= self.rpm or self.lately + tokens > self.tpm or used >= self.rpd:
            return False
        window.append((now, tokens))
        self.lately += tokens
        self.days[day] = used + 1
        self.requests, self.tokens = self.requests + 1, self.tokens + tokens
        return True


def service(server: StrictServer) -> GeminiService:
    limits = (ModelLimits(rpm=server.rpm, tpm=server.tpm, rpd=server.rpd),)
    config = GeminiConfig(api_key="k", limits=limits, total_timeout=None)
    breaker = CircuitBreaker("gemini", CircuitBreakerConfig(), clock=server.clock)
    pipeline = Pipeline("gemini", breaker=breaker, clock=server.clock, timeout=60.0)
    return GeminiService(config, Channel("gemini", server, pipeline))


async def run(gemini: GeminiService, clock: FakeClock, prompt: Callable[[], str]) -> None:
    """As many calls as the limits let through."""

    async def call_on() -> None:
        while True:
            await gemini.generate_text(prompt())

    callers = [asyncio.create_task(call_on()) for _ in range(CALLERS)]
    await clock.advance(HOURS * 3600)
    for caller in callers:
        caller.cancel()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes


@pytest.mark.parametrize(
    ("rpm", "tpm", "rpd"),
    [(20, 10**9, 10**9), (10**9, 15_000, 10**9), (40, 10**9, 1000)],
    ids=["requests a minute", "tokens a minute", "requests a day"],
)
async def test_no_limit_is_met_and_hardly_any_is_wasted(rpm: int, tpm: int, rpd: int) -> None:
    """At least 98 % of what the tightest one allows, whichever that is."""
    clock, rng = FakeClock(wall=HALF_PAST_TEN), random.Random(7)
    server = StrictServer(clock, rng, rpm, tpm, rpd)
    await run(service(server), clock, lambda: "word " * rng.randint(10, 200))
    minutes = HOURS * 60
    shares = (server.requests / (rpm * minutes), server.tokens / (tpm * minutes), server.requests / (2 * rpd))
    assert server.refusals == 0
    assert 0.98 <= max(shares) <= 1.01
