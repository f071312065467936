from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viber.http import HttpConfig, create_transport
from viber.resilience import Pipeline
from viber.services import Channel
from viber.services.supabase import SupabaseConfig, SupabaseService

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

numbers = itertools.count(30_000_000)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
awkward = st.text(st.sampled_from(list('a,()"\\:. {}&=+#%*\t\n')), max_size=12)
sets_of_texts = st.lists(texts | awkward, min_size=1, max_size=6, unique=True)


async def round_trip(db: SupabaseService, values: list[str]) -> None:
    ledger, n = db.table("ledger").select("note"), next(numbers)
    await db.table("ledger").insert([{"n": n, "note": value} for value in values])
    found = await ledger.eq("n", n).in_("note", values)
    assert sorted(row["note"] for row in found) == sorted(values)
    for value in values:
        assert await ledger.eq("n", n).eq("note", value).one() == {"note": value}
        others = await ledger.eq("n", n).neq("note", value)
        assert sorted(row["note"] for row in others) == sorted(set(values) - {value})
    await db.table("ledger").delete().eq("n", n)


@given(sets_of_texts)
@settings(max_examples=25, deadline=None)
def test_any_text_goes_in_and_is_found_again(viber_sandbox: Sandbox, values: list[str]) -> None:
    """Written, found by eq and by in, left out by neq: PostgREST and PostgreSQL read what was meant."""

    async def main() -> None:
        config = SupabaseConfig(url=viber_sandbox.supabase_url, anon_key=viber_sandbox.anon_key)
        transport = create_transport(HttpConfig(), config.url)
        try:
            await round_trip(SupabaseService(config, Channel("supabase", transport, Pipeline())), values)
        finally:
            await transport.aclose()

    asyncio.run(main())
