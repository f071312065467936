"""Updates by version, against the real server."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from decimal import Decimal

import pytest

from viber.errors import BaseError, ConflictError, Delivery, NotFoundError
from viber.services.supabase import SupabaseService

pytestmark = pytest.mark.sandbox

Suffering = Callable[[SupabaseService, str], SupabaseService]
numbers = itertools.count(60000000)


@pytest.fixture
async def article(db: SupabaseService) -> int:
    """An article of version 1."""
    number = next(numbers)
    await db.table("articles").insert({"id": number, "title": "first", "price": "1.50"})
    return number


async def test_a_versioned_update_is_made_exactly_once(
    article: int, db: SupabaseService, suffering: Suffering
) -> None:
    """Its answer is lost, the repetition finds the next version with equal values: done."""
    articles = suffering(db, "cut-after; times=1; method=PATCH").table("articles")
    update = articles.update({"title": "second", "price": Decimal("2.5"), "tags": ["x"]}).eq("id", article)
    result = await update.if_version(1).returning("title", "version").with_response()
    assert (result.data, result.replayed) == ([{"title": "second", "version": 2}], True)


async def test_a_stale_version_changes_nothing(article: int, db: SupabaseService) -> None:
    """A conflict that names the version that is there."""
    articles = db.table("articles")
    await articles.update({"title": "theirs"}).eq("id", article).if_version(1)
    with pytest.raises(ConflictError, match="it has 2, and 1 was expected") as caught:
        await articles.update({"title": "ours"}).eq("id", article).if_version(1)
    assert caught.value.delivery is Delivery.ANSWERED
    assert await articles.select("title").eq("id", article) == [{"title": "theirs"}]
    with pytest.raises(NotFoundError):
        await articles.update({"title": "ours"}).eq("id", -1).if_version(1)


async def test_an_update_that_somebody_was_quicker_with_is_not_told_as_done(
    article: int, db: SupabaseService, suffering: Suffering
) -> None:
    """The lost attempt did nothing, and the next version holds other values."""
    fault = "cut-before; times=1; method=PATCH"
    articles = suffering(db, fault).with_options(max_attempts=1).table("articles")
    with pytest.raises(BaseError) as lost:
        await articles.update({"title": "ours"}).eq("id", article).if_version(1)
    assert lost.value.delivery is Delivery.UNKNOWN
    await db.table("articles").update({"title": "theirs"}).eq("id", article).if_version(1)
    with pytest.raises(ConflictError):
        await db.table("articles").update({"title": "ours"}).eq("id", article).if_version(1)


async def test_concurrent_versioned_updates_never_overwrite_each_other(
    article: int, patient: SupabaseService, suffering: Suffering
) -> None:
    """Ten writers that read, add and write, with lost answers: no addition is lost, none is made twice."""
    articles = suffering(patient, "cut-after; rate=0.3; method=PATCH; seed=5").table("articles")

    async def add(letter: str) -> None:
        while True:
            row = await patient.table("articles").select().eq("id", article).one()
            if letter in row["title"]:
                return  # it was made by an attempt of unknown outcome
            with contextlib.suppress(ConflictError):
                update = articles.update({"title": row["title"] + letter}).eq("id", article)
                await update.if_version(row["version"])
                return

    await asyncio.gather(*map(add, "ABCDEFGHIJ"))
    row = await patient.table("articles").select("title", "version").eq("id", article).one()
    assert sorted(row["title"].removeprefix("first")) == list("ABCDEFGHIJ")
    assert row["version"] == 11
