"""Over real connections: what the service writes down is what the server told, to the last token."""

import asyncio
import random
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from viber import ServiceFactory, Settings
from viber.errors import BaseError
from viber.services.gemini import Budget, BudgetError, GeminiConfig, GeminiService, Price, PriceTable

KEY = "AIza-made-up-for-tests"
COUNT = "count to 20"
FAULTS = ["cut-stream=2", "end-stream=3", "error-event=1", "error-tail=4"]
PRICES = PriceTable(
    source="test", updated="2026-01-01", prices=[Price(model="*", input="1", output="10", cached="0.1")]
)


async def test_the_books_are_those_of_the_server(live: Any) -> None:
    """A fifth of the streams breaks, whole answers are repeated after errors, and each answer counts once."""
    rng = random.Random(11)

    async def streamed(number: int, gemini: GeminiService) -> None:
        async for _ in gemini.stream(COUNT):
            pass

    async def whole(number: int, gemini: GeminiService) -> None:
        await gemini.generate_text(COUNT)

    async def one(number: int) -> None:
        fault = rng.choice([*FAULTS, "status=503"])
        gemini = live.suffering(f"{fault};rate=0.2;seed={number}", label=f"job {number % 3}")
        with suppress(BaseError):
            await (streamed if number % 2 else whole)(number, gemini)

    await asyncio.gather(*(one(number) for number in range(120)))
    told, totals = (await live.quiet())["usage"], live.gemini.usage.totals()
    assert (totals.usage.prompt_tokens, totals.usage.candidates_tokens, totals.usage.total_tokens) == (
        told["promptTokenCount"],
        told["candidatesTokenCount"],
        told["totalTokenCount"],
    )
    labels = [live.gemini.usage.totals(label=f"job {number}").usage.total_tokens for number in range(3)]
    assert sum(labels) == totals.usage.total_tokens


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
async def test_the_version_is_an_option(live: Any, version: str) -> None:
    """Whole and streamed."""
    async with ServiceFactory(Settings()) as services:
        config = GeminiConfig(api_key=KEY, base_url=live.url, api_version=version)
        gemini = services.create_gemini_client(config)
        async with gemini.stream(COUNT) as tokens:
            assert "".join([token.text async for token in tokens]) == await gemini.generate_text(COUNT)


async def test_a_budget_bounds_many_calls_at_once(live: Any) -> None:
    """There is room for some: what they cost together is within the limit, by the server's count."""
    budget = Budget(cost="0.01", per=None)
    config = GeminiConfig(api_key=KEY, base_url=live.url, prices=PRICES, budget=budget)
    async with ServiceFactory(Settings()) as services:
        gemini = services.create_gemini_client(config)
        outcomes = await asyncio.gather(
            *(gemini.generate_text(COUNT, max_output_tokens=40) for _ in range(200)), return_exceptions=True
        )
    refused = sum(isinstance(outcome, BudgetError) for outcome in outcomes)
    told = (await live.quiet())["usage"]
    cost = Decimal(told["promptTokenCount"] + 10 * told["candidatesTokenCount"]) / 10**6
    assert 0 < refused < 200
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 200 - refused
    assert budget.status().spent == cost <= budget.limit
    assert budget.status().reserved == 0
