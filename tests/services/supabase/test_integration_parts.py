from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import InvalidRequestError
from viber.services.supabase import SupabaseService, embed

pytestmark = pytest.mark.sandbox


class Reading(BaseModel):
    id: int
    ok: bool


async def test_every_row_of_a_long_list_is_found_once(
    db: SupabaseService, caplog: pytest.LogCaptureFixture
) -> None:
    """Past the length of a URL and past the server's cap, with other filters, and in one result."""
    readings = db.table("readings", Reading)
    result = await readings.select().in_("id", range(12_000)).eq("ok", value=True).with_response()
    assert sorted(reading.id for reading in result.data) == [n for n in range(1, 10_001) if n % 13]
    assert result.attempts > 10
    assert caplog.records == []


async def test_more_values_than_the_cap_are_found_in_full(db: SupabaseService) -> None:
    """Though they would fit in one URL."""
    rows = await db.table("readings").select("id").in_("id", range(1, 1501))
    assert {row["id"] for row in rows} == set(range(1, 1501))
    assert len(rows) == 1500


async def test_related_rows_come_with_every_part(db: SupabaseService) -> None:
    """Embeds, their filters and bounds are the same in all of them."""
    lines = embed("order_items", "quantity").order("quantity", desc=True).limit(1)
    wanted: list[Any] = [*range(1, 201), *range(10_000, 12_000)]
    rows = await db.table("orders").select("id", lines).in_("id", wanted)
    assert len(rows) == 200
    assert all(row["order_items"] == [{"quantity": 3}] for row in rows)


async def test_parts_whose_answers_are_cut_are_asked_for_again(db: SupabaseService) -> None:
    """Each by itself: every row is there once, and the attempts of all are counted."""
    fault = "cut-after; times=3; key=long-list"
    view = db.with_options(headers={"x-viber-fault": fault, "x-viber-fault-key": "long-list"}, max_attempts=5)
    result = await view.table("readings").select("id").in_("id", range(1, 6001)).with_response()
    assert sorted(row["id"] for row in result.data) == list(range(1, 6001))
    assert result.attempts == 8 + 3


async def test_what_parts_would_change_is_refused(db: SupabaseService) -> None:
    """An order over the whole."""
    with pytest.raises(InvalidRequestError, match="order goes over the whole"):
        await db.table("readings").select("id").in_("id", range(5_000)).order("id")
