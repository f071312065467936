from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from viber.http import Response
from viber.services.supabase import SupabaseConfig, SupabaseService
from viber.services.supabase.wire._slices import slices

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

Slicing = Callable[[int | None], SupabaseService]


class Document(BaseModel):
    id: int
    note: str
    written: Any
    products: list[dict[str, Any]]
    matrix: list[list[int]]
    order: dict[str, Any]


class Exact(BaseModel):
    id: int
    order: dict[str, Decimal | Any]


@pytest.fixture
def slicing(db: SupabaseService, viber_sandbox: Sandbox) -> Slicing:
    """The same project, which decodes so many bytes at once."""

    def slicing(at_once: int | None) -> SupabaseService:
        config = SupabaseConfig(
            url=viber_sandbox.supabase_url, anon_key=viber_sandbox.anon_key, decode_at_once=at_once
        )
        return SupabaseService(config, db._session.channel)

    return slicing


@pytest.mark.parametrize("at_once", [1, 1000, 20_000])
@pytest.mark.parametrize(
    "ask",
    [
        lambda db: db.table("documents").select().order("id"),
        lambda db: db.table("documents").select("note", "products", "written").order("id"),
        lambda db: db.table("documents").select("products").order("id"),
        lambda db: db.table("documents").select("matrix", "order").order("id"),
        lambda db: db.table("documents", Document).select().order("id"),
        lambda db: db.table("documents", Exact).select().order("id"),
        lambda db: db.table("orders").select().order("id"),
        lambda db: db.table("customers").select("tags", "profile", "name").order("id"),
        lambda db: db.table("odd names").select().order("id").limit(3),
        lambda db: db.rpc("customer_orders", {"customer_id": 2}),
    ],
)
async def test_rows_in_slices_are_the_rows_at_once(ask: Any, at_once: int, slicing: Slicing) -> None:
    """Texts and JSON with line breaks, rows within rows, arrays, exact numbers, sets of functions."""
    rows = await ask(slicing(at_once))
    assert len(rows) > 2
    assert repr(rows) == repr(await ask(slicing(None)))


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("orders?order=id", 200),
        ("orders?select=id,customers(id,name,orders(id))", 200),
        ("customers?select=id,orders(id,order_items(*))", 50),
        ("documents?select=note,products,written", 200),
        ("documents?select=matrix,order", 200),
        ("rpc/customer_orders?customer_id=2", 4),
    ],
)
async def test_a_real_answer_is_cut_between_any_two_rows(path: str, rows: int, db: SupabaseService) -> None:
    """Where rows within rows are told from them: those of jsonb, and those with another first column."""
    session = db._session

    async def body(response: Response) -> bytes:
        return response.body

    answer = await session.call(
        session.endpoint.read(*path.partition("?")[::2]), body, operation="select", idempotent=True
    )
    assert len(list(slices(answer, 1))) == rows
