"""Writes whose answers are cut after the commit, against the real server: what is told is what is there."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from viber.errors import BaseError, ConflictError, Delivery, InvalidRequestError, NotFoundError
from viber.http import HttpConfig, create_transport
from viber.machines import RetryConfig
from viber.resilience import Pipeline
from viber.services import Channel
from viber.services.supabase import SupabaseConfig, SupabaseService, UnsettledWriteError, uuid7

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

numbers = itertools.count(40_000_000, 1_000_000)
keys = (f"exactly-once-{n}" for n in itertools.count())
CUT_ONCE = "cut-after; times=1; method=POST"


def suffering(db: SupabaseService, fault: str) -> SupabaseService:
    """A view whose requests the gateway treats badly, counted on their own."""
    key = next(keys)
    return db.with_options(headers={"x-viber-fault": f"{fault}; key={key}", "x-viber-fault-key": key})


@pytest.fixture
async def patient(viber_sandbox: Sandbox) -> AsyncIterator[SupabaseService]:
    """A service that gives up after thirty attempts, and not before."""
    config = SupabaseConfig(
        url=viber_sandbox.supabase_url,
        anon_key=viber_sandbox.anon_key,
        service_role_key=viber_sandbox.service_role_key,
    )
    transport = create_transport(HttpConfig(), config.url)
    retry = RetryConfig(max_attempts=30, initial_delay=0.02, max_delay=0.3, budget_ratio=None)
    pipeline = Pipeline("supabase", retry=retry, timeout=5, total_timeout=50)
    yield SupabaseService(config, Channel("supabase", transport, pipeline))
    await transport.aclose()


@pytest.fixture
def slow_at_times(viber_sandbox: Sandbox) -> Iterator[None]:
    """Every tenth answer takes a little longer."""
    fault = viber_sandbox.supabase_faults.add("latency=0.02; rate=0.1; path=/rest/v1/ledger")
    yield
    viber_sandbox.supabase_faults.remove(fault)


async def insert_all(
    db: SupabaseService, rows: list[dict[str, Any]], sandbox: Sandbox, *, key: str | None
) -> list[BaseError | None]:
    """Insert every row by itself, 30 % of the answers cut after the commit, while the server restarts."""
    ledger = suffering(db, "cut-after; rate=0.3").table("ledger", key=key)
    places = asyncio.Semaphore(24)
    restarted: asyncio.Task[None] | None = None

    async def insert(number: int, row: dict[str, Any]) -> BaseError | None:
        nonlocal restarted
        async with places:
            if number == len(rows) // 3:
                restarted = asyncio.create_task(asyncio.to_thread(sandbox.process("postgrest").restart))
            try:
                await ledger.insert(row)
            except BaseError as error:
                return error
        return None

    outcomes = await asyncio.gather(*(insert(*each) for each in enumerate(rows)))
    assert restarted is not None
    await restarted
    return outcomes


async def there(db: SupabaseService, first: int) -> Counter[int]:
    """How often each number stands in the ledger."""
    rows = db.table("ledger", key="id").select("id", "n").gte("n", first).lt("n", first + 1_000_000).rows()
    return Counter([row["n"] async for row in rows])


async def test_a_thousand_keyed_inserts_are_there_exactly_once(
    patient: SupabaseService, viber_sandbox: Sandbox, slow_at_times: None
) -> None:
    """Each is told as done, though a third of the answers was lost: no duplicate, no false failure."""
    first = next(numbers)
    rows = [{"id": uuid7(), "n": first + n, "amount": Decimal(n) / 8} for n in range(1000)]
    outcomes = await insert_all(patient, rows, viber_sandbox, key="id")
    assert [error for error in outcomes if error] == []
    assert await there(patient, first) == Counter(range(first, first + 1000))


async def test_a_thousand_inserts_without_a_key_are_there_at_most_once(
    patient: SupabaseService, viber_sandbox: Sandbox, slow_at_times: None
) -> None:
    """Told as done they are there; told as unknown they may be; nothing is there twice."""
    first = next(numbers)
    rows = [{"n": first + n, "amount": Decimal(n) / 8} for n in range(1000)]
    outcomes = await insert_all(patient, rows, viber_sandbox, key=None)
    found = await there(patient, first)
    assert set(found.values()) == {1}
    assert found.keys() >= {first + n for n, error in enumerate(outcomes) if error is None}
    errors = [error for error in outcomes if error]
    assert len(errors) > 200
    assert {error.delivery for error in errors} == {Delivery.UNKNOWN}
    assert all("may have acted" in error.message for error in errors)
    lost = {first + n for n, error in enumerate(outcomes) if error}
    assert len(lost & found.keys()) > 100  # it was right to say so


async def test_chunks_of_keyed_rows_are_there_exactly_once(patient: SupabaseService) -> None:
    """With composite keys, numeric values and times: each chunk in a transaction, each settled."""
    start = datetime(2026, 5, 1, tzinfo=UTC)
    sensor = f"sensor {next(numbers)}"
    rows = [
        {"sensor": sensor, "at": start + timedelta(seconds=n), "value": Decimal(n) / 100} for n in range(2500)
    ]
    table = suffering(patient, "cut-after; rate=0.4; method=POST; seed=3").table(
        "measurements", key=("sensor", "at")
    )
    account = await table.insert_many(iter(rows), chunk_size=250, concurrency=3).returning("at")
    assert (account.written, account.is_complete) == (2500, True)
    assert any(chunk.replayed for chunk in account.chunks)
    told = [datetime.fromisoformat(row["at"]) for chunk in account.chunks for row in chunk.data or []]
    assert told == [row["at"] for row in rows]
    assert await patient.table("measurements").select().eq("sensor", sensor).count() == 2500


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
    column: str, value: Any, db: SupabaseService
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
        ("doc", [1], [2]),
        ("fixed", "ab", "abc"),
    ],
    ids=str,
)
async def test_another_row_of_the_key_is_never_taken_for_ours(
    column: str, sent: Any, stored: Any, db: SupabaseService
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


async def test_a_value_that_its_type_rounds_is_not_told_as_done(db: SupabaseService) -> None:
    """numeric(12,2) keeps 1.01 of 1.005: what is there is not what was sent, and the error says why."""
    insert = suffering(db, CUT_ONCE).table("valuables", key="id").insert({"id": uuid7(), "price": "1.005"})
    with pytest.raises(ConflictError, match="the column's type") as caught:
        await insert
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_a_value_that_a_trigger_changes_is_not_told_as_done(db: SupabaseService) -> None:
    """The row is there with our key and other values; left as it is by the trigger, it is recognised."""
    parcels = suffering(db, CUT_ONCE).table("parcels", key="id")
    with pytest.raises(ConflictError, match="a trigger") as caught:
        await parcels.insert({"id": uuid7(), "code": " ab ", "weight": "1.5"})
    assert caught.value.delivery is Delivery.UNKNOWN
    parcels = suffering(db, CUT_ONCE).table("parcels", key="id")
    result = await parcels.insert({"id": uuid7(), "code": "AB", "weight": "1.5"}).with_response()
    assert result.replayed


async def test_a_row_that_nobody_may_read_is_unknown(db: SupabaseService) -> None:
    """Row level security hides it: neither a success nor a conflict, and it is there once."""
    key = uuid7()
    with pytest.raises(UnsettledWriteError, match="row level security") as caught:
        await suffering(db, CUT_ONCE).table("inbox", key="id").insert({"id": key, "body": "hello"})
    assert caught.value.delivery is Delivery.UNKNOWN
    assert await db.admin.table("inbox").select("id").eq("id", key) == [{"id": str(key)}]


async def test_rows_of_which_one_is_hidden_are_unknown(db: SupabaseService) -> None:
    """What can be seen of a transaction is not all of it; seen whole, it is told as done."""
    plain, secret = (
        {"id": uuid7(), "body": "a", "secret": False},
        {"id": uuid7(), "body": "b", "secret": True},
    )
    with pytest.raises(UnsettledWriteError):
        await suffering(db, CUT_ONCE).table("memos", key="id").insert([plain, secret])
    result = (
        await suffering(db.admin, CUT_ONCE)
        .table("memos", key="id")
        .insert([{**plain, "id": uuid7()}, {**secret, "id": uuid7()}])
        .with_response()
    )
    assert result.replayed


async def test_a_constraint_that_is_checked_before_the_key_hides_nothing(db: SupabaseService) -> None:
    """A room is booked once: the repetition meets our own booking, by the exclusion constraint."""
    start = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=next(numbers) // 1_000_000)
    during = f"[{start.isoformat()},{(start + timedelta(hours=1)).isoformat()})"
    row = {"id": uuid7(), "room": 1, "during": during}
    assert (await suffering(db, CUT_ONCE).table("bookings", key="id").insert(row).with_response()).replayed
    with pytest.raises((ConflictError, UnsettledWriteError)) as caught:
        await (
            suffering(db, "cut-before; times=1; method=POST")
            .table("bookings", key="id")
            .insert({**row, "id": uuid7()})
        )
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_somebody_else_has_the_seat(db: SupabaseService) -> None:
    """Another unique column is in the way: the real conflict, and not one of ours."""
    seat = f"seat {next(numbers)}"
    far = {"room": 2, "during": "[1900-01-01,1900-01-02)"}
    await db.table("bookings").insert({"id": uuid7(), "seat": seat, "room": 3, "during": "empty"})
    with pytest.raises(ConflictError):
        await (
            suffering(db, "cut-before; times=1; method=POST")
            .table("bookings", key="id")
            .insert({"id": uuid7(), "seat": seat, **far})
        )


async def test_a_job_that_starts_anew_inserts_nothing_twice(db: SupabaseService) -> None:
    """`again()` takes the rows of an earlier run for done, and other rows for the conflict they are."""
    memos = db.table("memos", key="id")
    rows = [{"id": uuid7(), "body": "a"}, {"id": uuid7(), "body": "b"}]
    await memos.insert(rows)
    assert await memos.insert(rows).again().count() == 2
    with pytest.raises(ConflictError):
        await memos.insert({**rows[0], "body": "other"}).again()
    assert await memos.select().in_("id", [row["id"] for row in rows]).count() == 2


@pytest.fixture
async def article(db: SupabaseService) -> int:
    """An article of version 1."""
    number = next(numbers)
    await db.table("articles").insert({"id": number, "title": "first", "price": "1.50"})
    return number


async def test_a_versioned_update_is_made_exactly_once(article: int, db: SupabaseService) -> None:
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
    article: int, db: SupabaseService
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
    article: int, patient: SupabaseService
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


async def test_a_delete_is_repeated_but_its_rows_are_not_told_as_none(db: SupabaseService) -> None:
    """They were deleted by the attempt whose answer was lost."""
    fault = "cut-after; times=1; method=DELETE"
    rows = [{"id": next(numbers), "title": "a"} for _ in range(2)]
    await db.table("articles").insert(rows)
    with pytest.raises(UnsettledWriteError):
        await suffering(db, fault).table("articles").delete().eq("id", rows[0]["id"]).returning()
    result = await suffering(db, fault).table("articles").delete().eq("id", rows[1]["id"]).with_response()
    assert result.replayed
    assert not await db.table("articles").select().in_("id", [row["id"] for row in rows]).exists()


async def test_a_put_is_repeated(db: SupabaseService) -> None:
    """And is there once."""
    row = {"id": uuid7(), "body": "a", "secret": False}
    memos = suffering(db.admin, "cut-after; times=1; method=PUT").table("memos", key="id")
    assert await memos.put(row).returning("body") == [{"body": "a"}]
    assert await db.table("memos").select().eq("id", row["id"]).count() == 1


async def test_an_upsert_that_ignores_is_repeated(db: SupabaseService) -> None:
    """And is there once; rows that it cannot tell are not told."""
    row = {"id": uuid7(), "body": "a", "secret": False}
    memos = suffering(db.admin, CUT_ONCE).table("memos", key="id")
    await memos.upsert(row, on_duplicate="ignore")
    assert await db.table("memos").select().eq("id", row["id"]).count() == 1
    memos = suffering(db.admin, CUT_ONCE).table("memos", key="id")
    with pytest.raises(UnsettledWriteError):
        await memos.upsert({**row, "id": uuid7()}, on_duplicate="ignore").returning()


async def test_a_rehearsal_leaves_nothing_behind_however_often_it_is_repeated(db: SupabaseService) -> None:
    """Nothing was committed, so that no attempt is in doubt, and a duplicate is the real conflict."""
    key: UUID = uuid7()
    memos = suffering(db, CUT_ONCE).table("memos", key="id")
    assert await memos.insert({"id": key, "body": "a"}).dry_run().count() == 1
    assert not await db.admin.table("memos").select().eq("id", key).exists()
    with pytest.raises(InvalidRequestError):
        await memos.insert({"id": "no uuid", "body": "a"}).dry_run()
