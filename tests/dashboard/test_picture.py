"""What the page is told: every figure, and no secret."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

from viber.errors import ServerError
from viber.factory import ServiceFactory
from viber.machines import CircuitBreakerConfig, RateLimit, RetryConfig
from viber.services.gemini import GeminiConfig, ModelLimits, UsageMetadata
from viber.settings import Settings

FAILURE = ServerError("the password is hunter2", service="quotes")
SECRETS = ("sk-abcdefghijklmnopqrstuvwx", "Bearer eyJhbGciOi.J9", "AIzaSyA1234567890abcdefghijklmnopqrstuvw")
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "\ud800 half",
    "a\nb\r\n\r\nevent: evil\ndata: {}",
    "\u202ename\x00",
    "",
)


async def test_a_service_tells_how_its_calls_ended(stage: Any) -> None:
    """Good, failed, turned away: and by what."""
    app = stage.dashboard()
    await stage.picture(app)
    stage.clock.jump(2.0)
    await stage.call(None, None, None, None, FAILURE, FAILURE, FAILURE)
    [service] = (await stage.picture(app))["services"]
    assert (service["calls"], service["succeeded"], service["failed"], service["rejected"]) == (7, 4, 2, 1)
    assert service["errors"] == {"server.error": 2, "circuit.open": 1}
    assert service["rejections"] == {"circuit": 1}
    assert service["rate"] == 3.5
    assert service["failing"] == pytest.approx(1 / 3)
    assert service["point"][:3] == [2.0, 1.0, 0.5]


async def test_a_call_that_was_cancelled_is_neither_good_nor_bad(stage: Any) -> None:
    """It was its caller who ended it."""
    task = asyncio.create_task(stage.quotes.run(asyncio.Event().wait))
    await stage.clock.settle()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    [service] = (await stage.picture())["services"]
    assert (service["calls"], service["succeeded"], service["failed"]) == (1, 0, 0)


async def test_a_circuit_tells_its_state_reason_and_rules(stage: Any) -> None:
    """Times are lengths: no two clocks agree."""
    await stage.call(FAILURE, FAILURE)
    stage.clock.jump(4.0)
    circuit = (await stage.picture())["services"][0]["circuit"]
    assert (circuit["state"], circuit["for"], circuit["retry_after"]) == ("open", 4.0, 6.0)
    assert (circuit["reason"], circuit["threshold"], circuit["window"]) == (
        "failure threshold reached",
        2,
        60.0,
    )


async def test_a_circuit_by_rates_tells_them(stage: Any) -> None:
    """Beside their thresholds."""
    rates = CircuitBreakerConfig(failure_threshold=None, failure_rate=0.5)
    pipeline = stage.services.pipeline("rates", breaker=rates, retry=RetryConfig(max_attempts=1))
    await stage.call(None, FAILURE, None, None, pipeline=pipeline)
    circuit = (await stage.picture())["services"][1]["circuit"]
    assert (circuit["threshold"], circuit["failure_rate"], circuit["rate_threshold"]) == (None, 0.25, 0.5)


async def test_retries_and_limits_are_told(stage: Any) -> None:
    """Attempts against calls, and how much of each limit is used."""
    pipeline = stage.services.pipeline(
        "limited", retry=RetryConfig(max_attempts=2, initial_delay=0.0), idempotent=True,
        rate_limits=[RateLimit(requests=5, per=60.0)], max_concurrent=3,
    )  # fmt: skip
    await stage.call(None, ConnectionError(), pipeline=pipeline)
    service = (await stage.picture())["services"][1]
    assert (service["calls"], service["attempts"], service["in_flight"], service["queued"]) == (2, 3, 0, 0)
    assert sum(service["retries"].values()) == 1
    [limit] = service["limits"]
    assert (limit["name"], limit["used"], limit["amount"]) == ("5 requests per 60 s", 3, 5)


async def test_operations_are_the_busiest(stage: Any) -> None:
    """A dozen of them, and how many more there are."""

    async def never() -> None: ...

    for number in range(15):
        never.__qualname__ = never.__name__ = f"operation {number}"
        for _ in range(number + 1):
            await stage.quotes.run(never)
    [service] = (await stage.picture())["services"]
    assert [each["calls"] for each in service["operations"]] == list(range(15, 3, -1))
    assert service["more_operations"] == 3


async def test_models_tell_tokens_cost_and_limits(stage: Any) -> None:
    """What has no price is told beside the sum of what has one."""
    settings = Settings(gemini=GeminiConfig(api_key="secret-key", limits=(ModelLimits(rpm=7),)))
    async with ServiceFactory(settings, clock=stage.clock) as services:
        stage.services = services
        gemini = services.gemini
        usage = UsageMetadata(prompt_tokens=10, candidates_tokens=4, cached_tokens=3)
        gemini.usage.add(usage, model="gemini-x", cost=Decimal("0.0120"), at=0.0)
        gemini.usage.add(usage, model="gemini-x", at=0.0)
        gemini.limits.guard("gemini-x")
        [model] = (await stage.picture())["models"]
    assert (model["name"], model["answers"], model["input"], model["output"], model["cached"]) == (
        "gemini-x",
        2,
        20,
        8,
        6,
    )
    assert (model["cost"], model["unpriced"], model["is_held"]) == ("0.012", 1, False)
    assert [(limit["used"], limit["amount"]) for limit in model["limits"]] == [(0, 7)]


async def test_reading_makes_no_service(stage: Any) -> None:
    """Those that were not used stay unmade."""
    async with ServiceFactory(Settings(gemini=GeminiConfig(api_key="key")), clock=stage.clock) as services:
        stage.services = services
        assert (await stage.picture())["services"] == []
        assert services.gemini_services == ()


@pytest.mark.parametrize("name", HOSTILE)
async def test_any_name_arrives_as_it_is(stage: Any, name: str) -> None:
    """Encoded so that it stays within its event and its string."""
    await stage.call(None, pipeline=stage.services.pipeline(name))
    async with stage.watching(stage.dashboard()) as reader:
        await stage.clock.advance(1.0)
    events = reader.answer.events
    assert {event for event, _ in events} == {"snapshot", "delta"}
    assert events[-1][1]["services"][1]["name"] == name
    assert "<img" not in (await stage.ask(stage.dashboard(), "/")).text


@pytest.mark.parametrize("secret", SECRETS)
async def test_no_secret_reaches_the_page(stage: Any, secret: str) -> None:
    """Whether it stands in a name, an operation, a code, an error or a health check."""

    async def fetch() -> None:
        raise ServerError(f"refused {secret}", service=f"quotes {secret}", code=f"x {secret}")

    async def sick() -> None:
        raise ConnectionError(f"no answer to {secret}")

    fetch.__qualname__ = fetch.__name__ = f"fetch {secret}"
    pipeline = stage.services.pipeline(f"quotes {secret}", retry=RetryConfig(max_attempts=1))
    stage.services.health.register("sick", sick)
    async with stage.watching(stage.dashboard()) as reader:
        with pytest.raises(ServerError):
            await pipeline.run(fetch)
        stage.services.get_circuit_breaker(f"quotes {secret}").isolate()
        await stage.clock.advance(16.0)
    body = json.dumps(reader.answer.events)
    assert "[redacted]" in body
    assert secret.removeprefix("Bearer ") not in body
    assert reader.answer.events[-1][1]["checks"][0]["error"].startswith("no answer to")


async def test_a_factory_without_metrics_shows_no_service(stage: Any) -> None:
    """And breaks nothing."""
    async with ServiceFactory(Settings(), metrics=False, clock=stage.clock) as services:
        stage.services = services
        services.pipeline("quotes")
        assert (await stage.picture())["services"] == []


async def test_a_hundred_services_are_shown(stage: Any) -> None:
    """Those after them are not: a page is no database."""
    for number in range(120):
        stage.services.pipeline(f"service {number}")
    assert len((await stage.picture())["services"]) == 100
