"""Metrics as Prometheus reads them."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
from prometheus_client.parser import text_string_to_metric_families

import viber.integrations
from viber.errors import SupabaseError
from viber.factory import ServiceFactory
from viber.health import HealthRegistry
from viber.integrations.prometheus import exposition
from viber.machines import RateLimit, RetryConfig
from viber.services.gemini import GeminiService, UsageMetadata, UsageTracker
from viber.settings import Settings

Samples = dict[str, dict[tuple[str, ...], float]]
"""Values by the name of a sample, and its labels."""
ALERTS = Path(viber.integrations.__file__).with_name("prometheus_alerts.yml")


async def answer(outcome: Exception | None = None) -> None:
    if outcome is not None:
        raise outcome


async def never_there() -> None:
    raise ConnectionError("gone")


@pytest.fixture
async def scraped() -> Samples:
    """The samples of a scrape by name and label values, read by the official parser."""
    async with ServiceFactory(Settings()) as services:
        quotes = services.pipeline(
            'odd"name\n', retry=RetryConfig(max_attempts=1), rate_limits=[RateLimit(requests=10, per=60.0)]
        )
        for outcome in (None, None, SupabaseError("x", code="supabase.conflict")):
            with suppress(SupabaseError):
                await quotes.run(answer, outcome)
        health = HealthRegistry()
        health.register("quotes", never_there)
        await health.check_all()
        text = exposition(services.metrics, health=health).decode()
    samples: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            samples.setdefault(sample.name, {})[_key(sample.labels)] = sample.value
    return samples


def _key(labels: dict[str, str]) -> tuple[str, ...]:
    order = ("service", "operation", "outcome", "state", "limit", "check", "le")
    return tuple(labels[name] for name in order if name in labels)


NAME = 'odd"name\n'


async def test_calls_are_counted_by_outcome(scraped: Samples) -> None:
    """A success or the code of the error; labels keep every character."""
    assert scraped["viber_requests_total"] == {
        (NAME, "answer", "success"): 2.0,
        (NAME, "answer", "supabase.conflict"): 1.0,
    }
    assert scraped["viber_attempts_total"] == {(NAME, "answer"): 3.0}


async def test_durations_are_a_histogram(scraped: Samples) -> None:
    """Its buckets grow up to the number of all calls."""
    buckets = scraped["viber_request_duration_seconds_bucket"]
    calls = scraped["viber_request_duration_seconds_count"]
    assert buckets[NAME, "answer", "+Inf"] == calls[NAME, "answer"] == 3.0
    assert list(buckets.values()) == sorted(buckets.values())


async def test_a_circuit_is_in_one_state(scraped: Samples) -> None:
    """Each state is a sample of its own, and one of them is 1."""
    states = scraped["viber_breaker_state"]
    assert {state for (_, state), value in states.items() if value} == {"closed"}
    assert len(states) == 5


async def test_limits_and_checks_are_gauges(scraped: Samples) -> None:
    """What is left of a limit, and whether a check was healthy."""
    assert list(scraped["viber_ratelimit_remaining"].values()) == [7.0]
    assert scraped["viber_health_up"] == {("quotes",): 0.0}


def test_tokens_and_cost_are_those_of_the_last_day() -> None:
    """By model, labels added up; a day before it is left out."""

    class Gemini:
        usage = UsageTracker(zone="UTC")

    usage = UsageMetadata(prompt_tokens=7, cached_tokens=2, candidates_tokens=3)
    for at, label in ((0.0, ""), (100_000.0, "a"), (100_000.0, "b")):
        Gemini.usage.add(usage, model="gemini-x", label=label, at=at)
    text = exposition(dict, gemini=lambda: [cast("GeminiService", Gemini())]).decode()
    assert 'viber_tokens_today{model="gemini-x",type="input"} 14.0' in text
    assert 'viber_tokens_today{model="gemini-x",type="cached"} 4.0' in text
    assert 'viber_tokens_today{model="gemini-x",type="output"} 6.0' in text


async def test_alerts_are_about_metrics_that_there_are(scraped: Samples) -> None:
    """An alert on a name that nobody exports would never fire."""
    expressions = re.findall(r"expr: (.*?)\n +for:", ALERTS.read_text(), re.DOTALL)
    asked = {name for each in expressions for name in re.findall(r"viber_\w+", each)}
    assert len(expressions) == 4
    assert asked <= scraped.keys()
