"""Numbers and names that no server should tell end in an answer or a typed error, and hold nothing back."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import pytest

from viber.errors import ServerError
from viber.services.gemini import Budget, GeminiService, ModelLimits, Price, PriceTable
from viber.testing import Chunks, FakeClock, Reply

Build = Callable[..., Any]
PRICES: Final = PriceTable(
    source="test", updated="2026-01-01", prices=[Price(model="*", input="1", output="1", cached="1")]
)
ODD: Final = [-5, 5.5, 10**400, float("inf"), float("nan"), "many", "1e3", [1], {"a": 1}, True, None]


def said(**top: Any) -> bytes:
    candidate = {"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}
    return json.dumps({"candidates": [candidate], "usageMetadata": {"promptTokenCount": 3}, **top}).encode()


async def whole(gemini: GeminiService) -> str:
    return (await gemini.generate_content("hi")).text


async def streamed(gemini: GeminiService) -> str:
    async with gemini.stream("hi") as tokens:
        async for _ in tokens:
            pass
    return tokens.response.text


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:9])
@pytest.mark.parametrize(
    "place",
    [
        lambda odd: {"usageMetadata": {"promptTokenCount": odd, "candidatesTokenCount": 1}},
        lambda odd: {"usageMetadata": {"promptTokenCount": 3, "thoughtsTokenCount": odd}},
        lambda odd: {"usageMetadata": {"promptTokensDetails": [{"modality": "TEXT", "tokenCount": odd}]}},
        lambda odd: {"usageMetadata": odd},
        lambda odd: {"modelVersion": odd},
    ],
    ids=["prompt", "thoughts", "modality", "usage", "version"],
)
@pytest.mark.parametrize("ask", [whole, streamed])
async def test_odd_numbers_hold_nothing_back(build: Build, ask: Any, place: Any, odd: Any) -> None:
    """With prices, a budget and limits, which count with them."""
    body, budget = said(**place(odd)), Budget(cost="1000", per=None)
    reply = Reply(body=body) if ask is whole else Chunks([b"data: " + body + b"\n\n"])
    limits = (ModelLimits(rpm=10, tpm=10_000),)
    rig = build(reply, clock=FakeClock(auto=True), prices=PRICES, budget=budget, limits=limits)
    with suppress(ServerError):
        assert await ask(rig.gemini) == "a"
    assert budget.status().reserved == 0
    assert 0 < budget.status().spent < 1
    assert rig.transport.open_streams == 0
