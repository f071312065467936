from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from viber.http import HttpConfig, create_transport
from viber.resilience import Pipeline
from viber.services import Channel
from viber.services.supabase import SupabaseConfig, SupabaseService, col, embed

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

# PostgreSQL cuts a name behind 63 bytes: 15 characters have 60 at most.
plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=15)
awkward = st.text(st.sampled_from(list('a,()"\\:.!->*{} &=+#%\t\n')), min_size=1, max_size=12)
names = plain | awkward


async def aliases_come_back(db: SupabaseService, column: str, table: str) -> None:
    customer = embed("customers", "id", "name", as_=table, join="inner").eq("country", "FR")
    orders = db.table("orders").select(col("id").as_(column), customer)
    first = await orders.order("name", of=table).order("id").first()
    assert first == {column: 19, table: {"id": 20, "name": "Ada 20"}}


@given(names, names)
@settings(max_examples=30, deadline=None)
@example("select", "order")
@example("*", "count()")
@example("a->b", "c->>d")
def test_any_alias_names_a_column_and_an_embed(viber_sandbox: Sandbox, column: str, table: str) -> None:
    """In the answer, in filters and in orders: PostgREST reads the names that were meant."""

    async def main() -> None:
        config = SupabaseConfig(url=viber_sandbox.supabase_url, anon_key=viber_sandbox.anon_key)
        transport = create_transport(HttpConfig(), config.url)
        try:
            db = SupabaseService(config, Channel("supabase", transport, Pipeline()))
            await aliases_come_back(db, column, table if table != column else f"{table}2")
        finally:
            await transport.aclose()

    asyncio.run(main())
