from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from viber.errors import AuthenticationError, NotFoundError, PermissionDeniedError
from viber.services.supabase import MultipleRowsError, RowMismatchError, SupabaseConfig, SupabaseService

pytestmark = pytest.mark.sandbox

EVEN, ODD = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


class Status(StrEnum):
    OPEN = "open"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class Order(BaseModel):
    id: int
    status: Status
    total: Decimal
    placed_at: datetime


@dataclasses.dataclass
class Note:
    id: UUID
    body: str
    public: bool


@pytest.mark.parametrize(
    ("narrow", "ids"),
    [
        (lambda q: q.eq("id", 7), [7]),
        (lambda q: q.neq("id", 7).lte("id", 8), [1, 2, 3, 4, 5, 6, 8]),
        (lambda q: q.gt("id", 198), [199, 200]),
        (lambda q: q.gte("id", 199), [199, 200]),
        (lambda q: q.lt("id", 3), [1, 2]),
        (lambda q: q.lte("id", 2), [1, 2]),
        (lambda q: q.in_("id", [3, 1, 3, 9999]), [1, 3]),
        (lambda q: q.in_("id", []), []),
        (lambda q: q.in_("status", [Status.OPEN]).lt("id", 9), [4, 8]),
        (lambda q: q.eq("status", Status.PAID).lt("id", 6), [1, 5]),
        (lambda q: q.eq("total", Decimal("12345678901234567890.123456789")), [200]),
        (lambda q: q.eq("total", Decimal("24.680")), [2]),
        (lambda q: q.eq("placed_at", datetime(2026, 3, 1, 11, tzinfo=UTC)), [1]),
        (lambda q: q.lt("placed_at", datetime(2026, 3, 1, 15, tzinfo=UTC)), [1, 2]),
        (lambda q: q.eq("meta", {"channel": "web"}).lt("id", 5), [2, 4]),
        (lambda q: q.is_null("id"), []),
        (lambda q: q.is_not_null("id").lt("id", 2), [1]),
        (lambda q: q.limit(2), [1, 2]),
        (lambda q: q.limit(2).offset(3), [4, 5]),
        (lambda q: q.matching({"status": "open", "id": [4, 5, 8]}), [4, 8]),
    ],
)
async def test_a_filter_finds_what_it_says(narrow: Any, ids: list[int], db: SupabaseService) -> None:
    """Each operator and each kind of value, as PostgreSQL understands it."""
    rows = await narrow(db.table("orders").select("id")).order("id")
    assert [row["id"] for row in rows] == ids


@pytest.mark.parametrize(("state", "count"), [(True, 36), (False, 3), (None, 0), ("unknown", 0)])
async def test_is_compares_truth_and_null(state: Any, count: int, db: SupabaseService) -> None:
    """On a boolean column; 'unknown' is null."""
    rows = await db.table("readings").select("id").is_("ok", state).lte("id", 39)
    assert len(rows) == count


async def test_null_is_found_and_left_out(db: SupabaseService) -> None:
    """The 97th reading has no value."""
    readings = db.table("readings").select("id").lte("id", 100)
    assert await readings.is_null("value") == [{"id": 97}]
    assert len(await readings.is_not_null("value")) == 99


async def test_order_goes_by_several_columns_with_nulls_where_they_are_wanted(db: SupabaseService) -> None:
    """First by the first, then by the next."""
    readings = db.table("readings").select("id").gte("id", 96).lte("id", 98)
    assert [row["id"] for row in await readings.order("value", nulls="first")] == [97, 96, 98]
    assert [row["id"] for row in await readings.order("value", desc=True, nulls="last")] == [98, 96, 97]
    rows = await readings.order("ok").order("id", desc=True)
    assert [row["id"] for row in rows] == [98, 97, 96]


async def test_typed_rows_are_exact(db: SupabaseService) -> None:
    """Digits, zeros, enums and times come back as the model has them."""
    orders = db.table("orders", Order)
    big = await orders.select().eq("id", 200).one()
    assert str(big.total) == "12345678901234567890.123456789"
    small = await orders.select().eq("id", 1).one()
    assert str(small.total) == "12.340"
    assert (small.status, small.placed_at) == (Status.PAID, datetime(2026, 3, 1, 11, tzinfo=UTC))


async def test_a_page_of_typed_rows(db: SupabaseService) -> None:
    """Filtered, ordered and limited."""
    query = db.table("orders", Order).select().eq("status", "open").order("placed_at", desc=True).limit(20)
    page = await query
    assert len(page) == 20
    assert [order.placed_at for order in page] == sorted((order.placed_at for order in page), reverse=True)
    assert page[0].placed_at - page[1].placed_at == timedelta(hours=12)


async def test_one_row_or_none_or_too_many(db: SupabaseService) -> None:
    """One, maybe_one and first say what they found."""
    orders = db.table("orders", Order).select()
    assert (await orders.eq("id", 5).one()).id == 5
    assert await orders.eq("id", 9999).maybe_one() is None
    assert await orders.eq("id", 9999).first() is None
    first = await orders.order("id").first()
    assert first is not None
    assert first.id == 1
    with pytest.raises(NotFoundError, match="orders"):
        await orders.eq("id", 9999).one()
    with pytest.raises(MultipleRowsError):
        await orders.maybe_one()


async def test_a_table_and_columns_of_any_name(db: SupabaseService) -> None:
    """Dots, commas, quotes, blanks, reserved words: in select, filters and order."""
    odd = db.table("odd names", key="id").select("a.b", "select", "order, (by)", 'quo"te').lte("id", 3)
    assert await odd.eq("select", "in.(1,2)").one() == {
        "a.b": "x.y",
        "select": "in.(1,2)",
        "order, (by)": "(",
        'quo"te': "\\",
    }
    assert [row["select"] for row in await odd.order('quo"te').order("a.b")] == ["in.(1,2)", "star", ""]
    assert len(await odd.in_("order, (by)", ["a,b", "("])) == 2
    assert [row["a.b"] for row in await odd.eq("select", "")] == [None]
    assert [row["a.b"] for row in await odd.in_("select", [""])] == [None]


async def test_a_user_sees_what_the_policies_allow(db: SupabaseService, viber_sandbox: Any) -> None:
    """Each view with its own rows: nobody's, one user's, everybody's."""
    even = db.as_user(viber_sandbox.user_key(EVEN))
    odd = db.as_user(viber_sandbox.user_key(ODD))
    counts = [
        len(await view.table("notes", Note).select().lte("created_at", datetime.now(UTC)))
        for view in (db, even, odd, db.admin)
    ]
    assert counts == [4, 12, 12, 20]
    assert (await even.rpc("whoami"))["sub"] == EVEN
    assert (await db.rpc("whoami"))["role"] == "anon"
    assert (await db.admin.rpc("whoami"))["role"] == "service_role"


async def test_an_expired_token_is_an_authentication_error(db: SupabaseService, viber_sandbox: Any) -> None:
    """With advice."""
    with pytest.raises(AuthenticationError) as caught:
        await db.as_user(viber_sandbox.user_key(EVEN, expires_in=-3600)).table("notes").select()
    assert caught.value.status == 401
    assert "token" in caught.value.suggestion


async def test_a_write_without_the_right_to_it_is_denied(db: SupabaseService) -> None:
    """By grant (42501), with advice to look at the policies."""
    with pytest.raises(PermissionDeniedError) as caught:
        await db.table("orders").insert({"customer_id": 1})
    assert (caught.value.details or {})["code"] == "42501"
    assert "policies" in caught.value.suggestion


async def test_a_model_that_does_not_fit_is_told_by_its_field(db: SupabaseService) -> None:
    """The table has no such column."""

    class Wrong(BaseModel):
        id: int
        colour: str

    with pytest.raises(RowMismatchError, match="row 0 of orders does not fit Wrong at 'colour'"):
        await db.table("orders", Wrong).select()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (lambda db: db.table("nope").select(), "42P01"),
        (lambda db: db.rpc("nope"), "PGRST202"),
    ],
)
async def test_what_is_not_there_is_not_found(query: Any, code: str, db: SupabaseService) -> None:
    """A table, a function."""
    with pytest.raises(NotFoundError) as caught:
        await query(db)
    assert (caught.value.details or {})["code"] == code


async def test_health_is_proved_by_an_answer(db: SupabaseService, viber_sandbox: Any) -> None:
    """With the anonymous key alone; with a table's name; and not with a wrong key."""
    health = await db.health_check()
    assert health.healthy, health.error
    assert health.latency > 0
    assert (await db.admin.health_check()).healthy
    wrong = await db.as_user("a.b.c").health_check()
    assert not wrong.healthy
    assert "JWS" in wrong.error


async def test_health_may_ask_a_table(db: SupabaseService) -> None:
    """One that the key may read."""
    config = SupabaseConfig(**{**dict(db._config), "health_table": "orders"})
    assert (await SupabaseService(config, db._session.channel).health_check()).healthy
