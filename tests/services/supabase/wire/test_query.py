from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import pickle
import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase import SupabaseService
from viber.services.supabase.wire._query import Duty
from viber.testing import Reply


def complaints(drop: Callable[[], object]) -> list[str]:
    """The warnings of whatever `drop` leaves behind."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        drop()
        gc.collect()
    assert all(warning.category is RuntimeWarning for warning in caught)
    return [str(warning.message) for warning in caught]


WRITES: list[tuple[Callable[[SupabaseService], object], str]] = [
    (lambda db: db.table("t").insert({"a": 1}), "insert into t"),
    (lambda db: db.table("t").insert([{"a": 1}]).returning("a"), "insert into t"),
    (lambda db: db.table("t").upsert({"a": 1}).returning(), "upsert into t"),
    (lambda db: db.table("t").update({"a": 1}).eq("id", 1).gt("x", 2), "update of t"),
    (lambda db: db.table("t").update({"a": 1}).eq("id", 1).returning(), "update of t"),
    (lambda db: db.table("t").delete(all_rows=True), "delete of t"),
    (lambda db: db.insert("t", {"a": 1}), "insert into t"),
    (lambda db: db.update("t", {"a": 1}, where={"id": 1}), "update of t"),
    (lambda db: db.rpc("f"), "call of f"),
]


@pytest.mark.parametrize(("write", "what"), WRITES)
def test_a_write_that_is_dropped_warns_once(write: Callable[[Any], object], what: str, project: Any) -> None:
    """However many steps it took, there is one warning, and it says what was not done."""
    assert complaints(lambda: write(project.db)) == [f"{what} was never run: await it"]


def test_a_read_that_is_dropped_is_silent(project: Any) -> None:
    """A read that is not run changes nothing: also a function that only reads."""
    assert (
        complaints(lambda: (project.db.table("t").select().eq("a", 1), project.db.rpc("f", method="GET")))
        == []
    )


async def test_a_write_that_was_run_is_silent(build: Any) -> None:
    """Awaiting it and all its steps leaves nothing to say."""
    project = build(Reply(204))
    await project.db.table("t").update({"a": 1}).eq("id", 1)
    assert complaints(lambda: None) == []


@pytest.mark.parametrize(
    "query",
    [
        lambda db: db.table("t").select(),
        lambda db: db.table("t").insert({"a": 1}),
        lambda db: db.table("t").insert_many([{"a": 1}]),
        lambda db: db.table("t").delete().eq("id", 1).returning(),
        lambda db: db.rpc("f"),
    ],
)
@pytest.mark.parametrize("step", ["run", "with_response"])
async def test_what_is_cancelled_before_it_begins_is_silent(
    query: Callable[[Any], Any], step: str, project: Any
) -> None:
    """It was run, and nothing of it was sent."""

    async def cancel() -> None:
        asked = query(project.db)
        task = asyncio.create_task((asked.with_response() if step == "with_response" else asked).run())
        task.cancel()
        await asyncio.wait([task])

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await cancel()
        gc.collect()
    assert (caught, project.requests) == ([], [])


async def test_of_two_writes_from_one_the_dropped_one_warns(build: Any) -> None:
    """Each step has to be run by itself: one that was does not speak for the other."""
    project = build(Reply(204))
    update = project.db.table("t").update({"a": 1})
    done, dropped = [update.eq("id", 1)], [update.eq("id", 2)]
    await done.pop()
    del update
    assert complaints(dropped.clear) == ["update of t was never run: await it"]


def test_a_step_that_is_refused_does_not_warn_too(project: Any) -> None:
    """The error is enough."""

    def drop() -> None:
        with pytest.raises(InvalidRequestError):
            project.db.table("t").delete().eq("id", None)

    assert complaints(drop) == []


async def test_a_query_can_be_run_more_than_once(build: Any) -> None:
    """It is a value: each time it is sent anew."""
    project = build(*[Reply(json=[{"id": 1}])] * 3)
    query = project.db.table("t").select()
    assert await query == await query == await query.run()
    assert len(project.requests) == 3


async def test_a_copy_of_a_query_is_the_query(build: Any) -> None:
    """A value that does not change needs no second one; the duty to run a write stays one."""
    insert = build(Reply(201)).db.table("t").insert({"a": 1})
    assert copy.copy(insert) is insert
    assert copy.deepcopy([insert])[0] is insert
    await insert


def test_a_query_is_not_pickled(project: Any) -> None:
    """It belongs to the service that it was made by."""
    with pytest.raises(TypeError, match="a Select cannot be pickled, as it belongs to its service"):
        pickle.dumps(project.db.table("t").select())


async def test_run_is_a_coroutine(build: Any) -> None:
    """It can be handed to create_task, gather and TaskGroup; awaiting the query does the same."""
    project = build(Reply(json=[{"id": 1}]), Reply(json=[{"id": 2}]), Reply(201))
    table = project.db.table("t")
    first = table.select().run()
    assert inspect.iscoroutine(first)
    task = asyncio.create_task(first)
    rows = await asyncio.gather(table.select(), task, table.insert({"id": 3}).run())
    assert {row[0]["id"] for row in rows if row} == {1, 2}


@pytest.mark.parametrize(
    ("wrong", "ours"),
    [
        (lambda t: t.select().execute(), "a Select has no 'execute': await the query itself"),
        (lambda t: t.select().single(), "one()"),
        (lambda t: t.select().one().maybe_single(), "maybe_one()"),
        (lambda t: t.delete().eq("id", 1).select(), "a Change has no 'select': use returning()"),
        (lambda t: t.select().nothing(), "a Select has no 'nothing'"),
    ],
)
@pytest.mark.filterwarnings("ignore:delete of t was never run")
def test_the_words_of_other_clients_lead_to_ours(
    wrong: Callable[[Any], Any], ours: str, project: Any
) -> None:
    """The error of a method that is not there names the one that is."""
    with pytest.raises(AttributeError, match=re.escape(ours)):
        wrong(project.db.table("t"))


def test_a_duty_shows_what_is_left() -> None:
    """For whoever prints a query."""
    duty = Duty("insert into t")
    with duty.handed_over() as heir:
        assert (repr(duty), repr(heir)) == ("<Duty insert into t: done>", "<Duty insert into t: due>")
    heir.discharge()
