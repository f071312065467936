from __future__ import annotations

import logging
from decimal import Decimal

import pytest
from pydantic import BaseModel

from viber.services.supabase import SupabaseService

pytestmark = pytest.mark.sandbox


class Reading(BaseModel):
    id: int
    value: Decimal | None


@pytest.mark.parametrize("page_size", [500, 5000])
async def test_a_walk_sees_all_ten_thousand_rows(page_size: int, db: SupabaseService) -> None:
    """Below the server's cap of a thousand rows, and above it."""
    rows = db.table("readings", key="id").select("id").rows(page_size=page_size)
    assert [row["id"] async for row in rows] == list(range(1, 10_001))


async def test_a_typed_walk_down_under_filters(db: SupabaseService) -> None:
    """By a descending key, exact values included."""
    readings = db.table("readings", Reading, key="id").select().is_("ok", value=False).order("id", desc=True)
    rows = [row async for row in readings.rows(page_size=300)]
    assert [row.id for row in rows] == [n for n in range(10_000, 0, -1) if n % 13 == 0]
    assert rows[0].value == Decimal(9997 - 9997 % 13) % 1000 * Decimal("0.125")


async def test_a_plain_select_that_is_cut_is_doubted(
    db: SupabaseService, caplog: pytest.LogCaptureFixture
) -> None:
    """The server's cap cuts silently: the library does not."""
    with caplog.at_level(logging.WARNING, logger="viber"):
        assert len(await db.table("readings").select("id").limit(5000)) == 1000
    assert "readings" in caplog.text


async def test_a_walk_by_a_text_key(db: SupabaseService) -> None:
    """Any unique column will do."""
    rows = db.table("users", key="email").select("email").rows(page_size=7)
    emails = [row["email"] async for row in rows]
    assert len(set(emails)) == len(emails) >= 30
