from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import ConflictError, Delivery, InvalidRequestError, TransportError
from viber.services.supabase import Chunk
from viber.testing import Fail, Hang, Reply

LOST = Fail(lambda: TransportError("reset", delivery=Delivery.UNKNOWN))
REFUSED = Reply(409, json={"code": "23505", "message": "duplicate key"})


class Row(BaseModel):
    id: int


def rows(count: int) -> Iterator[dict[str, int]]:
    return ({"id": number} for number in range(count))


def sent(project: Any) -> list[list[int]]:
    return [[row["id"] for row in json.loads(request.body)] for request in project.requests]


async def test_rows_go_out_in_chunks(build: Any) -> None:
    """Each in one request, the last one shorter; the account tells them in their order."""
    project = build(*[Reply(201)] * 3)
    account = await project.db.table("t").insert_many(rows(7), chunk_size=3, concurrency=1)
    assert sent(project) == [[0, 1, 2], [3, 4, 5], [6]]
    assert account.chunks == (Chunk(0, 3), Chunk(3, 3), Chunk(6, 1))
    assert (account.written, account.failed, account.is_complete) == (7, (), True)
    assert account.summary() == "7 rows written"


async def test_no_rows_are_no_request(project: Any) -> None:
    """An empty source is done at once."""
    account = await project.db.table("t").insert_many([])
    assert (account.chunks, account.is_complete) == ((), True)
    assert project.requests == []


async def test_an_async_source_is_as_good(build: Any) -> None:
    """It is waited for."""

    async def source() -> AsyncIterator[dict[str, int]]:
        for row in rows(5):
            await asyncio.sleep(0)
            yield row

    project = build(*[Reply(201)] * 3)
    account = await project.db.table("t").insert_many(source(), chunk_size=2, concurrency=2)
    assert account.written == 5
    assert sorted(sent(project)) == [[0, 1], [2, 3], [4]]


async def test_rows_are_taken_as_they_are_needed(build: Any) -> None:
    """No more than the chunks that are under way hold."""
    taken: list[int] = []

    def source() -> Iterator[dict[str, int]]:
        for row in rows(100):
            taken.append(row["id"])
            yield row

    project = build(Reply(201), Hang(), Hang(), timeout=None, total_timeout=None)
    run = asyncio.ensure_future(
        project.db.table("t").insert_many(source(), chunk_size=5, concurrency=2).run()
    )
    await project.clock.settle()
    assert len(taken) == 15
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run


async def test_so_many_chunks_are_under_way_at_once(build: Any) -> None:
    """And no more."""
    project = build(*[Reply(201, delay=1)] * 8)
    most = 0

    def look(_: Any) -> None:
        nonlocal most
        most = max(most, project.transport.in_flight)

    task = asyncio.ensure_future(
        project.db.table("t").insert_many(rows(8), chunk_size=1, concurrency=3, on_chunk=look).run()
    )
    await task
    assert most <= 2  # beside the one that has just ended
    assert project.clock.now() == 3


async def test_the_first_error_is_raised_with_an_account(build: Any) -> None:
    """No further chunk begins; what was written is told in a note."""
    project = build(Reply(201), REFUSED)
    with pytest.raises(ConflictError) as caught:
        await project.db.table("t").insert_many(rows(9), chunk_size=2, concurrency=1)
    assert caught.value.__notes__[-1] == (
        "insert_many: 2 rows written; 2 from row 2 not written; the rest was not sent"
    )
    assert len(project.requests) == 2


async def test_the_account_may_come_instead(build: Any) -> None:
    """With the error at its chunk; the rest was not sent."""
    project = build(Reply(201), LOST)
    account = await project.db.table("t").insert_many(rows(9), chunk_size=2, concurrency=1, on_error="stop")
    assert (account.written, account.is_complete) == (2, False)
    (failed,) = account.failed
    assert isinstance(failed.error, TransportError)
    assert account.unknown == (failed,)
    assert account.summary() == "2 rows written; 2 from row 2 unknown; the rest was not sent"


async def test_the_other_chunks_may_go_on(build: Any) -> None:
    """One refused chunk does not hold them up."""
    project = build(Reply(201), REFUSED, Reply(201))
    account = await project.db.table("t").insert_many(
        rows(6), chunk_size=2, concurrency=1, on_error="continue"
    )
    assert [chunk.is_written for chunk in account.chunks] == [True, False, True]
    assert (account.written, account.is_complete) == (4, True)


async def test_a_chunk_that_cannot_be_sent_is_one_that_failed(build: Any) -> None:
    """Its rows are no rows; nothing of it was sent."""
    project = build(Reply(201))
    account = await project.db.table("t").insert_many(
        [5, {"id": 1}], chunk_size=1, concurrency=1, on_error="continue"
    )
    assert isinstance(account.failed[0].error, InvalidRequestError)
    assert account.unknown == ()
    assert sent(project) == [[1]]


async def test_each_chunk_with_its_keys_is_safe_to_repeat(build: Any) -> None:
    """And says that it was there already."""
    project = build(LOST, REFUSED, Reply(json=[{"id": 0}, {"id": 1}]))
    account = await project.db.table("t", key="id").insert_many(rows(2))
    assert account.chunks == (Chunk(0, 2, replayed=True),)


async def test_an_earlier_run_may_be_finished(build: Any) -> None:
    """Its chunks are found, the others inserted."""
    project = build(REFUSED, Reply(json=[{"id": 0}, {"id": 1}]), Reply(201))
    table = project.db.table("t", key="id")
    account = await table.insert_many(rows(3), chunk_size=2, concurrency=1).again()
    assert account.chunks == (Chunk(0, 2, replayed=True), Chunk(2, 1))


async def test_rows_may_come_back(build: Any) -> None:
    """In the data of their chunk, as the type that was asked for."""
    table = build(Reply(201, json=[{"id": 0}])).db.table("t", Row)
    account = await table.insert_many(rows(1)).returning()
    assert account.chunks[0].data == [Row(id=0)]
    table = build(Reply(201, json=[{"id": 0}])).db.table("t", Row)
    assert (await table.insert_many(rows(1)).returning("id")).chunks[0].data == [{"id": 0}]


async def test_a_hook_hears_of_every_chunk(build: Any) -> None:
    """When it has ended, well or not."""
    heard: list[tuple[int, bool]] = []
    project = build(Reply(201), REFUSED)
    await project.db.table("t").insert_many(
        rows(2),
        chunk_size=1,
        concurrency=1,
        on_error="continue",
        on_chunk=lambda chunk: heard.append((chunk.first, chunk.is_written)),
    )
    assert heard == [(0, True), (1, False)]


async def test_a_source_that_breaks_ends_the_run(build: Any) -> None:
    """With its own error, when the chunks under way have ended; the note tells what was written."""

    def source() -> Iterator[dict[str, int]]:
        yield {"id": 0}
        raise LookupError("no more")

    project = build(Reply(201))
    with pytest.raises(LookupError, match="no more") as caught:
        await project.db.table("t").insert_many(source(), chunk_size=1)
    assert caught.value.__notes__ == ["insert_many: 1 rows written; the rest was not sent"]


async def test_a_hook_that_breaks_ends_the_run(build: Any) -> None:
    """It is not swallowed."""

    def hook(_: Any) -> None:
        raise LookupError("hook")

    project = build(Reply(201))
    with pytest.raises(LookupError, match="hook"):
        await project.db.table("t").insert_many(rows(5), chunk_size=1, concurrency=1, on_chunk=hook)
    assert len(project.requests) == 1


async def test_a_cancellation_leaves_a_clear_account(build: Any) -> None:
    """The hook hears of the chunk that was under way, and the note tells the rest."""
    heard: list[Chunk[Any]] = []
    project = build(Reply(201), Hang(), timeout=None, total_timeout=None)
    run = asyncio.ensure_future(
        project.db.table("t").insert_many(rows(9), chunk_size=2, concurrency=1, on_chunk=heard.append).run()
    )
    await project.clock.settle()
    run.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await run
    assert caught.value.__notes__ == [
        "insert_many: 2 rows written; 2 from row 2 unknown; the rest was not sent"
    ]
    assert [(chunk.first, chunk.error and chunk.error.delivery) for chunk in heard] == [
        (0, None),
        (2, Delivery.UNKNOWN),
    ]
    assert project.transport.in_flight == 0


async def test_a_hook_that_breaks_hides_no_cancellation(build: Any) -> None:
    """Cancelled is cancelled."""

    def hook(_: Any) -> None:
        raise LookupError("hook")

    project = build(Hang(), timeout=None, total_timeout=None)
    run = asyncio.ensure_future(project.db.table("t").insert_many(rows(1), on_chunk=hook).run())
    await project.clock.settle()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.insert_many({"id": 1}),
        lambda t: t.insert_many("text"),
        lambda t: t.insert_many(5),
        lambda t: t.insert_many([], chunk_size=0),
        lambda t: t.insert_many([], chunk_size=2.5),
        lambda t: t.insert_many([], concurrency=0),
        lambda t: t.insert_many([], on_error="shrug"),
        lambda t: t.insert_many([], missing="shrug"),
        lambda t: t.insert_many([]).again(),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, project: Any) -> None:
    """When it is said, and nobody has to run it."""
    with pytest.raises(InvalidRequestError):
        make(project.db.table("t"))


def test_dropped_unrun_it_warns(project: Any) -> None:
    """As every write; a step hands the duty on."""
    with pytest.warns(RuntimeWarning, match="insert into t was never run") as caught:
        project.db.table("t").insert_many([]).returning()
    assert len(caught) == 1


async def test_run_once_it_does_not_warn(project: Any) -> None:
    """Nor do the inserts that it is made of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await project.db.table("t").insert_many([])
