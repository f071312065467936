"""Values of Python on their way into columns of PostgreSQL and back, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from viber.services.supabase import Bytea, Range, SupabaseService, uuid7

pytestmark = pytest.mark.sandbox


class Status(StrEnum):
    OPEN = "open"
    PAID = "paid"


class Spot(BaseModel):
    lat: Decimal
    lon: Decimal


class Valuable(BaseModel):
    """A field for each column, of the type that a caller has."""

    id: UUID
    amount: Decimal | None = None
    price: Decimal | None = None
    ratio: float | None = None
    flag: bool | None = None
    day: date | None = None
    clock: time | None = None
    local_at: datetime | None = None
    at: datetime | None = None
    lasting: timedelta | None = None
    status: Status | None = None
    ref: UUID | None = None
    bytes: Bytea | None = None
    data: Any = None
    doc: Any = None
    tags: list[str | None] | None = None
    amounts: list[Decimal] | None = None
    days: list[date] | None = None
    grid: list[list[int]] | None = None
    span: Range[int] | None = None
    during: Range[datetime] | None = None
    place: Spot | None = None


@dataclass
class Parcel:
    id: UUID
    bytes: bytes
    lasting: timedelta
    tags: list[str]


AT = datetime(2026, 7, 1, 12, 30, 15, 678, tzinfo=UTC)
CASES: list[tuple[str, Any]] = [
    ("amount", Decimal("12345678901234567890.1230")),
    ("amount", Decimal("-2.500")),
    ("amount", Decimal("1E+3")),
    ("price", Decimal("9.90")),
    ("ratio", 0.1),
    ("ratio", 1.7976931348623157e308),
    ("flag", False),
    ("day", date(1, 2, 3)),
    ("clock", time(23, 59, 59, 999999)),
    ("local_at", datetime(2026, 7, 1, 12, 30, 15, 678)),  # noqa: DTZ001 - a column without a zone
    ("at", AT),
    ("lasting", timedelta(days=40, hours=30, microseconds=1)),
    ("lasting", -timedelta(days=1, seconds=5, microseconds=7)),
    ("lasting", timedelta()),
    ("status", Status.PAID),
    ("ref", UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
    ("bytes", bytes(range(256))),
    ("bytes", b"\\x41"),
    ("bytes", b""),
    ("data", {"a": [1, 2.5, None, {"b": "é\u2028"}], "": "empty"}),
    ("data", [{}, [], ""]),
    ("data", "text"),
    ("data", 0),
    ("doc", {"z": 1, "a": [True]}),
    ("tags", ["a", "b,c", '"q"', "\\", "NULL", "null", "", "{}", None]),
    ("tags", []),
    ("amounts", [Decimal("1.10"), Decimal("-2.000")]),
    ("days", [date(2026, 1, 2), date(1999, 12, 31)]),
    ("grid", [[1, -2], [3, 4]]),
    ("span", Range(1, 5)),
    ("span", Range(None, 5, "()")),
    ("span", Range[int].empty()),
    ("during", Range(AT, AT + timedelta(hours=1), "[]")),
    ("place", Spot(lat=Decimal("1.50"), lon=Decimal("-2.000"))),
]


@pytest.mark.parametrize(("column", "value"), CASES, ids=str)
async def test_a_value_comes_back_as_it_went(column: str, value: Any, db: SupabaseService) -> None:
    """In a model, in a dict, by update; digits and trailing zeros are those that were written."""
    valuables = db.table("valuables", Valuable, key="id")
    row = Valuable.model_validate({"id": uuid7(), column: value})
    (inserted,) = await valuables.insert(row).returning()
    assert inserted == row
    if isinstance(value, Decimal):
        assert str(getattr(inserted, column)) == f"{value:f}"
    (again,) = await valuables.insert({"id": uuid7(), column: value}).returning()
    assert getattr(again, column) == value
    await valuables.update({column: None}).eq("id", row.id)
    (updated,) = await valuables.update({column: value}).eq("id", row.id).returning()
    assert updated == row


async def test_a_dataclass_writes_its_bytes_and_durations(db: SupabaseService) -> None:
    """As PostgreSQL reads them, and not as JSON writers have it."""
    row = Parcel(uuid7(), b"\x00\xff\\x41", -timedelta(seconds=90), ["a"])
    valuables = db.table("valuables", Valuable)
    (there,) = await valuables.insert(row).returning()
    assert (there.bytes, there.lasting, there.tags) == (row.bytes, row.lasting, ["a"])


async def test_lists_of_bytes_and_durations_are_written_too(db: SupabaseService) -> None:
    """Element by element."""
    row = {"id": uuid7(), "tags": [b"\x01", timedelta(seconds=1)]}
    assert await db.table("valuables").insert(row).returning("tags") == [
        {"tags": ["\\x01", "0 days 1.000000 seconds"]}
    ]
