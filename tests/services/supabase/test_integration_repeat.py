"""Writes that are repeated, each kind of value and of write, against the real server."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from viber.errors import ConflictError, Delivery, InvalidRequestError
from viber.services.supabase import SupabaseService, UnsettledWriteError, uuid7

pytestmark = pytest.mark.sandbox

Suffering = Callable[[SupabaseService, str], SupabaseService]
CUT_ONCE = "cut-after; times=1; method=POST"
numbers = itertools.count(50000000)


VALUES: list[tuple[str, Any]] = [
    ("amount", Decimal("1.10")),
    ("amount", Decimal("12345678901234567890.1230")),
    ("amount", 7),
    ("price", Decimal("9.9")),
    ("ratio", 0.1),
    ("ratio", 1e300),
    ("ratio4", 0.1),
    ("flag", False),
    ("day", datetime(2026, 1, 2, tzinfo=UTC).date()),
    ("local_at", datetime(2026, 1, 2, 3, 4, 5, 678)),  # noqa: DTZ001 - a column without a zone
    ("at", datetime(2026, 1, 2, 3, 4, 5, tzinfo=ZoneInfo("Europe/Paris"))),
    ("at", datetime(2026, 1, 2, 3, 4, 5)),  # noqa: DTZ001 - it gets the zone of the server
    ("lasting", timedelta(days=1, seconds=5)),
    ("lasting", -timedelta(microseconds=5)),
    ("ref", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
    ("bytes", b"\x00\xff\\x41"),
    ("data", {"a": [1, 2.5, None, {"b": "x"}]}),
    ("data", "text"),
    ("data", [1, "2"]),
    ("data", None),
    ("doc", {"b": 1, "a": [1.50]}),
    ("doc", "text"),
    ("tags", ["a", "b,c", 'q"\\', None, ""]),
    ("tags", []),
    ("amounts", [Decimal("1.10"), Decimal(2)]),
    ("days", [datetime(2026, 1, 2, tzinfo=UTC).date()]),
    ("grid", [[1, 2], [3, 4]]),
    ("span", "[1,4]"),
    ("during", "[2026-01-01T00:00Z,2026-01-02T00:00Z)"),
    ("fixed", "ab"),
    ("address", "10.0.0.1/32"),
]


@pytest.mark.parametrize(("column", "value"), VALUES, ids=str)
async def test_a_value_is_recognised_however_the_server_writes_it(
    column: str, value: Any, db: SupabaseService, suffering: Suffering
) -> None:
    """PostgreSQL compares: the insert is a success that was there already."""
    row = {"id": uuid7(), column: value}
    insert = suffering(db, CUT_ONCE).table("valuables", key="id").insert(row)
    result = await insert.returning("id").with_response()
    assert (result.data, result.replayed, result.attempts) == ([{"id": str(row["id"])}], True, 2)


@pytest.mark.parametrize(
    ("column", "sent", "stored"),
    [
        ("amount", Decimal("1.10"), Decimal("1.11")),
        ("amount", Decimal("12345678901234567890.1230"), Decimal("12345678901234567890.1231")),
        ("amount", Decimal("1.10"), None),
        ("amount", None, 0),
        ("ratio", 0.1, 0.2),
        ("at", "2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05Z"),
        ("tags", ["a", "b"], ["a,b"]),
        ("tags", [None], ["NULL"]),
        ("data", {"a": 1}, {"a": 2}),
        ("data", "null", None),
        ("data", "5", 5),
        ("data", "true", True),
        ("data", '"a"', "a"),
        ("data", [], {}),
        ("data", "[1]", [1]),
        ("data", ["1.10"], [1.1]),
        ("data", '{"a": 1}', {"a": 1}),
        ("ratio", "0.1", "0.10000000000000002"),
        ("bytes", "A", b"\x41\x42"),
        ("day", "2026-01-02T03:00:00", "2026-01-03"),
        ("flag", "no", True),
        ("span", "[1,5)", "[1,5]"),
        ("place", {"lat": 1, "lon": 2}, {"lat": 2, "lon": 1}),
        ("doc", [1], [2]),
        ("fixed", "ab", "abc"),
    ],
    ids=str,
)
async def test_another_row_of_the_key_is_never_taken_for_ours(
    column: str, sent: Any, stored: Any, db: SupabaseService, suffering: Suffering
) -> None:
    """The lost attempt did nothing, and somebody else had the key: a conflict, and what is there stays."""
    key = uuid7()
    await db.table("valuables").insert({"id": key, column: stored})
    with pytest.raises(ConflictError, match="other values") as caught:
        await (
            suffering(db, "cut-before; times=1; method=POST")
            .table("valuables", key="id")
            .insert({"id": key, column: sent})
        )
    assert caught.value.delivery is Delivery.UNKNOWN
    assert await db.table("valuables").select().eq("id", key).count() == 1


async def test_a_delete_is_repeated_but_its_rows_are_not_told_as_none(
    db: SupabaseService, suffering: Suffering
) -> None:
    """They were deleted by the attempt whose answer was lost."""
    fault = "cut-after; times=1; method=DELETE"
    rows = [{"id": next(numbers), "title": "a"} for _ in range(2)]
    await db.table("articles").insert(rows)
    with pytest.raises(UnsettledWriteError):
        await suffering(db, fault).table("articles").delete().eq("id", rows[0]["id"]).returning()
    result = await suffering(db, fault).table("articles").delete().eq("id", rows[1]["id"]).with_response()
    assert result.replayed
    assert not await db.table("articles").select().in_("id", [row["id"] for row in rows]).exists()


async def test_a_put_is_repeated(db: SupabaseService, suffering: Suffering) -> None:
    """And is there once."""
    row = {"id": uuid7(), "body": "a", "secret": False}
    memos = suffering(db.admin, "cut-after; times=1; method=PUT").table("memos", key="id")
    assert await memos.put(row).returning("body") == [{"body": "a"}]
    assert await db.table("memos").select().eq("id", row["id"]).count() == 1


async def test_an_upsert_that_ignores_is_repeated(db: SupabaseService, suffering: Suffering) -> None:
    """And is there once; rows that it cannot tell are not told."""
    row = {"id": uuid7(), "body": "a", "secret": False}
    memos = suffering(db.admin, CUT_ONCE).table("memos", key="id")
    await memos.upsert(row, on_duplicate="ignore")
    assert await db.table("memos").select().eq("id", row["id"]).count() == 1
    memos = suffering(db.admin, CUT_ONCE).table("memos", key="id")
    with pytest.raises(UnsettledWriteError):
        await memos.upsert({**row, "id": uuid7()}, on_duplicate="ignore").returning()


async def test_a_rehearsal_leaves_nothing_behind_however_often_it_is_repeated(
    db: SupabaseService, suffering: Suffering
) -> None:
    """Nothing was committed, so that no attempt is in doubt, and a duplicate is the real conflict."""
    key: UUID = uuid7()
    memos = suffering(db, CUT_ONCE).table("memos", key="id")
    assert await memos.insert({"id": key, "body": "a"}).dry_run().count() == 1
    assert not await db.admin.table("memos").select().eq("id", key).exists()
    with pytest.raises(InvalidRequestError):
        await memos.insert({"id": "no uuid", "body": "a"}).dry_run()
