from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from viber.http import HttpConfig, create_transport
from viber.resilience import Pipeline
from viber.services import Channel
from viber.services.supabase import (
    Filter,
    SupabaseConfig,
    SupabaseService,
    all_of,
    any_of,
    col,
    like_escape,
    not_,
    or_,
    regex_escape,
)

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


def questions(value: str) -> Iterator[tuple[Filter, bool]]:
    """Filters that find the row of a value, and no other, with the value in each position that there is."""
    label, tags, meta, none = col("label"), col("tags"), col("meta"), col("label").eq("no such text")
    yield label.eq(value), True
    yield or_(label.eq(value), none), True
    yield not_(or_(label.eq(value), none)), False
    yield or_(label.in_([value, "no such text"]), none), True
    yield not_(label.in_([value])), False
    yield label.eq(any_of([value])), True
    yield or_(label.eq(any_of([value, "no such text"])), none), True
    yield or_(not_(label.isdistinct(value)), none), True
    for by_tags in (
        tags.contains([value]),
        tags.contained_by([value]),
        tags.overlaps([value, "no such text"]),
    ):
        yield by_tags, True
        yield or_(by_tags, none), True
    for by_key in (meta.text(value).eq(value), meta.json(value).eq(value), meta.contains({value: value})):
        yield by_key, True
        yield or_(by_key, none), True
    yield label.match(f"^{regex_escape(value)}$"), True
    yield label.match(all_of([f"^{regex_escape(value)}$"])), True
    if "*" not in value:
        yield label.like(like_escape(value)), True
        yield or_(label.like(any_of([like_escape(value)])), none), True


async def found_in_every_position(db: SupabaseService, values: list[str]) -> None:
    story = f"round {next(numbers)}"
    samples = db.admin.table("samples")
    await samples.insert([{"story": story, "label": v, "tags": [v], "meta": {v: v}} for v in values])
    rows = samples.select("label").eq("story", story)
    for value in values:
        for question, finds in questions(value):
            labels = {row["label"] for row in await rows.where(question)}
            assert labels == ({value} if finds else set(values) - {value}), question
    await samples.delete().eq("story", story)


@given(sets_of_texts)
@settings(max_examples=8, deadline=None)
@example(["", "1", "-1", "null", "NULL", '"', "\\", "a.b", "->>", "or", "%", "_", "*", "{}", "(a,b)"])
def test_any_text_is_found_in_every_position(viber_sandbox: Sandbox, values: list[str]) -> None:
    """Behind operators, in lists, groups, arrays, JSON, keys, patterns and expressions: exactly its row."""

    async def main() -> None:
        config = SupabaseConfig(
            url=viber_sandbox.supabase_url,
            anon_key=viber_sandbox.anon_key,
            service_role_key=viber_sandbox.service_role_key,
        )
        transport = create_transport(HttpConfig(), config.url)
        try:
            service = SupabaseService(config, Channel("supabase", transport, Pipeline()))
            await found_in_every_position(service, values)
        finally:
            await transport.aclose()

    asyncio.run(main())


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
