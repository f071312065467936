"""What limits, cost and other models give back, as a type checker sees it. Never run."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import assert_type

from viber.errors import BaseError
from viber.services.gemini import (
    AccessToken,
    Budget,
    GeminiConfig,
    GeminiService,
    LearnedQuota,
    Limits,
    ModelLimits,
    ModelStatus,
    Price,
    PriceTable,
    TokenCount,
    UsageRow,
    UsageTotals,
    UsageTracker,
    Vertex,
    cannot_answer,
)


async def counting(gemini: GeminiService) -> None:
    count = await gemini.count_tokens("Hi", system="be brief", tools=["google_search"])
    assert_type(count, TokenCount)
    assert_type(count + 1, int)
    assert_type(gemini.estimate_tokens("Hi"), int)


async def usage(gemini: GeminiService) -> None:
    assert_type(gemini.usage, UsageTracker)
    assert_type(gemini.usage.rows(), tuple[UsageRow, ...])
    totals = gemini.usage.totals(day=date(2026, 11, 26), model="m", label="checkout")
    assert_type(totals, UsageTotals)
    assert_type(totals.cost, Decimal | None)
    assert_type(totals.known_cost, Decimal)


async def cost(gemini: GeminiService) -> None:
    answer = await gemini.generate_content("Hi", model=["a", "b"])
    assert_type(answer.model, str)
    assert_type(answer.cost, Decimal | None)
    async with gemini.stream("Hi", model=("a", "b")) as tokens:
        assert_type(tokens.model, str)
        assert_type(tokens.cost, Decimal | None)


def views(gemini: GeminiService) -> None:
    view = gemini.with_options(label="x", budget=Budget(cost="5", per="month"), timeout=5.0)
    assert_type(view, GeminiService)
    assert_type(gemini.with_models("a", "b"), GeminiService)

    def patient(error: BaseError) -> bool:
        return cannot_answer(error)

    gemini.with_models("a", "b", move_on=patient)
    gemini.with_options(label=5)  # type: ignore[arg-type]
    Budget(tokens=5, per="week")  # type: ignore[arg-type]


def limits(gemini: GeminiService) -> None:
    assert_type(gemini.limits, Limits)
    assert_type(gemini.limits.status(), Mapping[str, ModelStatus])
    assert_type(gemini.limits.status()["m"].learned, tuple[LearnedQuota, ...])


async def token() -> AccessToken:
    return AccessToken("secret", expires_in=3600)


async def bare_token() -> str:
    return "secret"


GeminiConfig(token=token, vertex=Vertex(project="shop"), limits=(ModelLimits(rpm=5),))
GeminiConfig(token=bare_token, prices=PriceTable.example_2026_11())
Price(model="m", input=Decimal(1), output=Decimal(2), cached=Decimal(0))
