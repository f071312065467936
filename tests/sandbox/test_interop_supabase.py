"""The gateway under a client that nobody here wrote: the ``supabase`` package."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from postgrest.exceptions import APIError
from supabase import AsyncClient, AsyncClientOptions, acreate_client

from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox


@pytest.fixture
async def supabase(viber_sandbox: Sandbox) -> AsyncIterator[AsyncClient]:
    # A client of our own: the one the package makes warns about deprecated arguments.
    async with httpx.AsyncClient() as http:
        options = AsyncClientOptions(httpx_client=http)
        yield await acreate_client(viber_sandbox.supabase_url, viber_sandbox.service_role_key, options)


async def test_rows_are_written_read_changed_and_deleted(supabase: AsyncClient) -> None:
    """Insert, select, update and delete give what they give on a hosted project."""
    ledger, row_id = supabase.table("ledger"), str(uuid4())
    inserted = await ledger.insert({"id": row_id, "n": 5, "note": "a, (b)"}).execute()
    assert inserted.data[0]["n"] == 5
    updated = await supabase.table("ledger").update({"n": 6}).eq("note", "a, (b)").eq("id", row_id).execute()
    assert [row["n"] for row in updated.data] == [6]
    deleted = await supabase.table("ledger").delete().eq("id", row_id).execute()
    assert [row["id"] for row in deleted.data] == [row_id]
    assert (await supabase.table("ledger").select("id").eq("id", row_id).execute()).data == []


async def test_related_rows_are_embedded(supabase: AsyncClient) -> None:
    """A select follows foreign keys both ways."""
    query = supabase.table("orders").select("id, customers(name), order_items(quantity)").eq("id", 1)
    row = (await query.single().execute()).data
    assert row["customers"] == {"name": "Chloé 2"}
    assert len(row["order_items"]) == 3


async def test_rows_are_counted(supabase: AsyncClient) -> None:
    """``in_`` with an exact count."""
    query = supabase.table("readings").select("id", count="exact").in_("id", [1, 2, 3, 99_999])
    answer = await query.execute()
    assert (len(answer.data), answer.count) == (3, 3)


async def test_nothing_found_is_none(supabase: AsyncClient) -> None:
    """``maybe_single`` without a row."""
    answer = await supabase.table("users").select("*").eq("id", -1).maybe_single().execute()
    assert answer is None


async def test_functions_are_called(supabase: AsyncClient) -> None:
    """A scalar function answers its value."""
    assert (await supabase.rpc("add", {"a": 20, "b": 22}).execute()).data == 42


async def test_an_unknown_table_is_an_error(supabase: AsyncClient) -> None:
    """The error is PostgREST's own."""
    with pytest.raises(APIError) as caught:
        await supabase.table("nowhere").select("*").execute()
    assert caught.value.code == "42P01"
