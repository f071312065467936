import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from viber.errors import Delivery, ServerError, StreamInterruptedError, TransportError
from viber.services.gemini import (
    Budget,
    BudgetError,
    Price,
    PriceTable,
    PromptBlockedError,
    UsageTotals,
)
from viber.testing import Chunks, Fail, FakeClock, Hang, Reply

Build = Callable[..., Any]

PRICES = PriceTable(
    source="test",
    updated="2026-01-01",
    tiers={"flex": "0.5"},
    prices=[Price(model="m*", input="1", output="10", cached="0.1")],
)


def usage(prompt: int, answer: int, **more: int) -> dict[str, int]:
    return {"promptTokenCount": prompt, "candidatesTokenCount": answer, **more}


def chunk(text: str = "a", finish: str | None = None, told: Any = None, **top: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}]}}
    ended = {"finishReason": finish} if finish else {}
    return {"candidates": [candidate | ended]} | ({"usageMetadata": told} if told else {}) | top


def event(*args: Any, **fields: Any) -> bytes:
    return b"data: " + json.dumps(chunk(*args, **fields)).encode() + b"\r\n\r\n"


def answer(told: Any = None, **top: Any) -> Reply:
    return Reply(json=chunk("a", "STOP", told, **top))


def totals(rig: Any, **which: Any) -> UsageTotals:
    found: UsageTotals = rig.gemini.usage.totals(**which)
    return found


async def test_each_answer_is_written_down(build: Build) -> None:
    """Under its model and the label of the view that asked, with what it cost."""
    rig = build(answer(usage(10, 5)), answer(usage(20, 5)), prices=PRICES, model="m1")
    await rig.gemini.generate_text("hi")
    await rig.gemini.with_options(label="checkout").generate_text("hi", model="m2")
    assert totals(rig).usage.prompt_tokens == 30
    assert [(row.model, row.label) for row in rig.gemini.usage.rows()] == [("m1", ""), ("m2", "checkout")]
    assert totals(rig, label="checkout").cost == Decimal("70e-6")


async def test_an_answer_says_what_it_cost(build: Build) -> None:
    """By the price of the version that answered, if that has one, else of the model that was asked."""
    rig = build(answer(usage(10, 5), modelVersion="m-7"), answer(usage(10, 5)), prices=PRICES)
    whole = await rig.gemini.generate_content("hi", model="alias")
    assert (whole.model, whole.cost) == ("alias", Decimal("60e-6"))
    assert (await rig.gemini.generate_content("hi", model="alias")).cost is None


async def test_without_prices_every_cost_is_unknown(build: Build) -> None:
    """And none is 0."""
    rig = build(answer(usage(10, 5)))
    assert (await rig.gemini.generate_content("hi")).cost is None
    assert (totals(rig).cost, totals(rig).unpriced) == (None, 1)


async def test_a_tier_is_what_the_request_says(build: Build) -> None:
    """Its factor is the table's."""
    rig = build(answer(usage(10, 5)), prices=PRICES, model="m")
    assert (await rig.gemini.generate_content("hi", service_tier="flex")).cost == Decimal("30e-6")


async def test_a_retried_call_counts_what_was_told(build: Build) -> None:
    """An attempt that failed told nothing, and the answer counts once."""
    rig = build(Reply(503), Reply(503), answer(usage(10, 5)))
    await rig.gemini.generate_text("hi")
    assert (totals(rig).answers, totals(rig).usage.total_tokens) == (1, 15)


async def test_a_continued_answer_counts_each_request(build: Build) -> None:
    """The server bills each; the answer costs all of them."""
    first = chunk("a", "CONTINUATION", usage(10, 5))
    first["candidates"][0]["continuationToken"] = "t"
    rig = build(Reply(json=first), answer(usage(15, 5)), prices=PRICES, model="m")
    whole = await rig.gemini.generate_content("hi")
    assert (totals(rig).answers, totals(rig).usage.prompt_tokens) == (2, 25)
    assert whole.cost == totals(rig).cost == Decimal("125e-6")


async def test_tools_cost_each_round(build: Build) -> None:
    """The answer says what all of them cost."""

    def now() -> str:
        """The time."""
        return "noon"

    call = {"content": {"parts": [{"functionCall": {"name": "now", "args": {}}}]}, "finishReason": "STOP"}
    asks = Reply(json={"candidates": [call], "usageMetadata": usage(10, 5)})
    rig = build(asks, answer(usage(15, 5)), prices=PRICES, model="m")
    whole = await rig.gemini.generate_content("hi", tools=[now])
    assert whole.cost == totals(rig).cost == Decimal("125e-6")


async def test_a_blocked_prompt_counts_what_reading_it_took(build: Build) -> None:
    """If the server says so; else nothing."""
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}}
    rig = build(Reply(json=blocked | {"usageMetadata": usage(9, 0)}), Reply(json=blocked))
    for _ in range(2):
        with pytest.raises(PromptBlockedError):
            await rig.gemini.generate_text("hi")
    assert (totals(rig).answers, totals(rig).usage.total_tokens) == (1, 9)


async def test_an_answer_that_tells_no_usage_counts_as_one(build: Build) -> None:
    """Its cost is unknown."""
    rig = build(answer(), prices=PRICES, model="m")
    assert (await rig.gemini.generate_content("hi")).cost is None
    assert (totals(rig).answers, totals(rig).unpriced) == (1, 1)


async def test_tokens_that_nobody_accounts_for_have_no_price(build: Build) -> None:
    """A total without its parts is not free."""
    rig = build(answer({"promptTokenCount": 3, "totalTokenCount": 9}), prices=PRICES, model="m")
    assert (await rig.gemini.generate_content("hi")).cost is None


async def test_a_stream_counts_its_last_totals(build: Build) -> None:
    """Running totals, those after the end too; counted once, however often it is closed."""
    told = [event("a", None, usage(10, 1)), event("b", "STOP", usage(10, 2)), event("", None, usage(10, 3))]
    rig = build(Chunks(told), prices=PRICES, model="m")
    async with rig.gemini.stream("hi") as tokens:
        assert tokens.cost is None
        assert [token.text async for token in tokens] == ["a", "b", ""]
    tokens.close()
    assert (totals(rig).answers, totals(rig).usage.total_tokens) == (1, 13)
    assert (tokens.model, tokens.response.cost) == ("m", Decimal("40e-6"))


async def test_a_broken_stream_counts_what_was_told(build: Build) -> None:
    """That was billed."""
    rig = build(Chunks([event("a", None, usage(10, 1)), event("b", None, usage(10, 2))]))
    with pytest.raises(StreamInterruptedError):
        async with rig.gemini.stream("hi") as tokens:
            [token async for token in tokens]
    assert (totals(rig).answers, totals(rig).usage.total_tokens) == (1, 12)


async def test_a_stream_left_early_counts_what_came(build: Build) -> None:
    """Also what had come and was not read."""
    rig = build(Chunks([event("a", None, usage(10, 1)) + event("b", None, usage(10, 2)), Hang()]))
    async with rig.gemini.stream("hi") as tokens:
        await anext(tokens)
    assert totals(rig).usage.total_tokens == tokens.usage.total_tokens == 12


async def test_a_dropped_stream_counts_what_was_read(build: Build) -> None:
    """And gives back what it held of a budget."""
    budget = Budget(tokens=10_000)
    rig = build(Chunks([event("a", None, usage(10, 1)), Hang()]), budget=budget)
    tokens = rig.gemini.stream("hi")
    await anext(tokens)
    with pytest.warns(ResourceWarning):
        del tokens
    assert totals(rig).usage.total_tokens == 11
    assert (budget.status().spent, budget.status().reserved) == (Decimal(11), Decimal(0))


async def test_a_stream_that_never_began_counts_nothing(build: Build) -> None:
    """It told nothing."""
    budget = Budget(tokens=10_000)
    rig = build(Reply(503), budget=budget)
    with pytest.raises(ServerError, match="503"):
        async with rig.gemini.with_options(max_attempts=1).stream("hi"):
            pass
    assert (totals(rig).answers, budget.status().reserved) == (0, Decimal(0))


async def test_odd_usage_counts_as_untold(build: Build) -> None:
    """The answer of a stream is worth more than its bill."""
    rig = build(Chunks([event("a", "STOP", {"promptTokenCount": "many"})]))
    async with rig.gemini.stream("hi") as tokens:
        assert [token.text async for token in tokens] == ["a"]
    assert (totals(rig).answers, totals(rig).usage.total_tokens) == (1, 0)


async def test_a_budget_refuses_before_anything_is_sent(build: Build) -> None:
    """Whole or streamed."""
    rig = build(prices=PRICES, model="m", budget=Budget(cost="0.0001"))
    with pytest.raises(BudgetError) as caught:
        await rig.gemini.generate_text("hi", max_output_tokens=100)
    assert caught.value.delivery is Delivery.NOT_SENT
    with pytest.raises(BudgetError):
        async with rig.gemini.stream("hi", max_output_tokens=100):
            pass
    assert rig.transport.requests == []


async def test_a_budget_is_settled_by_what_was_used(build: Build) -> None:
    """And one that fits is sent."""
    budget = Budget(cost="0.01")
    rig = build(answer(usage(10, 5)), prices=PRICES, model="m", budget=budget)
    await rig.gemini.generate_text("hi", max_output_tokens=100)
    assert (budget.status().spent, budget.status().reserved) == (Decimal("60e-6"), Decimal(0))


async def test_what_is_under_way_holds_its_share(build: Build) -> None:
    """So that calls at the same time do not all find the same room."""
    budget = Budget(tokens=300, answer_tokens=200)
    rig = build(Chunks([event("a", None, usage(10, 1)), Hang()]), budget=budget)
    async with rig.gemini.stream("hi"):
        assert budget.status().reserved > 200
        with pytest.raises(BudgetError):
            await rig.gemini.generate_text("hi")
    assert (budget.status().spent, budget.status().reserved) == (Decimal(11), Decimal(0))


async def test_a_failed_call_gives_back_what_it_held(build: Build) -> None:
    """Whatever ended it."""
    budget = Budget(tokens=10_000)
    rig = build(Fail(lambda: TransportError("reset")), budget=budget, repeat_generation=False)
    with pytest.raises(TransportError):
        await rig.gemini.generate_text("hi")
    assert (budget.status().spent, budget.status().reserved) == (Decimal(0), Decimal(0))


async def test_every_budget_has_to_have_room(build: Build) -> None:
    """One that has none costs the others nothing."""
    wide, narrow = Budget(tokens=10_000), Budget(tokens=100, name="customer 7")
    rig = build(answer(usage(10, 5)), budget=wide)
    view = rig.gemini.with_options(budget=narrow)
    with pytest.raises(BudgetError, match="customer 7"):
        await view.generate_text("hi")
    assert wide.status().reserved == 0
    await view.with_options(budget=narrow).generate_text("hi", max_output_tokens=10)
    assert narrow.status().spent == wide.status().spent == 15


async def test_money_needs_a_price(build: Build) -> None:
    """A model without one is refused, since nobody knows what it would cost."""
    rig = build(prices=PRICES, budget=Budget(cost=5))
    with pytest.raises(BudgetError, match="price of this model is unknown"):
        await rig.gemini.generate_text("hi", model="x")


async def test_a_cancelled_stream_counts_what_was_told(build: Build) -> None:
    """Wherever it was cancelled, nothing stays reserved."""
    clock, budget = FakeClock(), Budget(tokens=100_000)
    rig = build(
        Chunks([event("a", None, usage(10, 1)), Hang()]),
        Hang(),
        clock=clock,
        budget=budget,
        idle_timeout=None,
    )

    async def read() -> None:
        async for _ in rig.gemini.stream("hi"):
            pass

    tasks = [asyncio.create_task(read()) for _ in range(2)]
    await clock.settle()
    assert budget.status().reserved > 2 * 8192
    for task in tasks:
        task.cancel()
    await clock.settle()
    assert all(task.cancelled() for task in tasks)
    assert (totals(rig).answers, totals(rig).usage.total_tokens) == (1, 11)
    assert (budget.status().spent, budget.status().reserved) == (Decimal(11), Decimal(0))


async def test_an_embedding_reserves_no_answer(build: Build) -> None:
    """It has none."""
    vectors = Reply(json={"embeddings": [{"values": [1.0]}], "usageMetadata": {"promptTokenCount": 2}})
    budget = Budget(tokens=100)
    rig = build(vectors, budget=budget)
    assert await rig.gemini.embed("hi") == [1.0]
    assert budget.status().spent == 2


async def test_a_model_has_one_name(build: Build) -> None:
    """With `models/` in front or without."""
    rig = build(answer(usage(10, 5)), answer(usage(10, 5)))
    for name in ("m", "models/m"):
        await rig.gemini.generate_text("hi", model=name)
    assert [row.model for row in rig.gemini.usage.rows()] == ["m"]
