from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel

from viber.errors import TimeoutError
from viber.testing import Reply


class Row(BaseModel):
    id: int


class Money(BaseModel):
    id: Decimal


def table(rows: int) -> bytes:
    """Rows as PostgREST writes them."""
    return b"[%b]" % b", \n ".join(b'{"id":%d}' % number for number in range(rows))


async def test_others_run_while_a_large_answer_is_read(build: Any) -> None:
    """A task beside it comes to its turn many times."""
    project = build(Reply(body=table(1000)), decode_at_once=1000, max_rows=None)
    reading = asyncio.create_task(project.db.table("t", Row).select().run())
    turns = 0
    while not reading.done():
        turns += 1
        await asyncio.sleep(0)
    assert len(await reading) == 1000
    assert turns > len(table(1000)) // 1100


async def test_a_cancellation_between_slices_goes_through(build: Any) -> None:
    """The rest is not decoded."""
    seen: list[int] = []

    def cancel(value: int) -> int:
        seen.append(value)
        if value == 3:
            task.cancel()
        return value

    class Cancelling(BaseModel):
        id: Annotated[int, AfterValidator(cancel)]

    project = build(Reply(body=table(1000)), decode_at_once=100)
    task = asyncio.create_task(project.db.table("t", Cancelling).select().run())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 3 in seen
    assert len(seen) < 20
    assert len(project.requests) == 1


async def test_the_timeout_of_the_attempt_covers_the_slices(build: Any) -> None:
    """Reading is part of the attempt."""
    seen: list[int] = []

    def dawdle(value: int) -> int:
        seen.append(value)
        project.clock.jump(1)
        return value

    class Slow(BaseModel):
        id: Annotated[int, AfterValidator(dawdle)]

    project = build(Reply(body=table(1000)), decode_at_once=50, timeout=10, total_timeout=10)
    with pytest.raises(TimeoutError):
        await project.db.table("t", Slow).select()
    assert 10 <= len(seen) < 30


VALUES, ROWS = [{"id": n} for n in range(40)], [Row(id=n) for n in range(40)]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("model", "rows"), [(None, VALUES), (Row, ROWS)])
async def test_what_a_function_returns_is_read_in_slices_too(
    method: Any, model: Any, rows: list[Any], build: Any
) -> None:
    """As values and as rows of a model."""
    project = build(Reply(body=table(40)), decode_at_once=10)
    call = project.db.rpc("f", model=model, method=method) if model else project.db.rpc("f", method=method)
    assert await call == rows


async def test_a_large_value_that_is_no_list_is_read_at_once(build: Any) -> None:
    """A function may return one long text."""
    assert await build(Reply(body=b'"%b"' % (b"x, " * 99)), decode_at_once=10).db.rpc("f") == "x, " * 99


@pytest.mark.parametrize("model", [None, Row, Money, dict[str, Decimal]])
async def test_a_walk_over_large_pages_goes_on_behind_the_last_key(model: Any, build: Any) -> None:
    """Read in slices, whatever the type of the rows."""
    project = build(Reply(body=table(30)), Reply(json=[]), decode_at_once=50)
    rows = project.db.table("t", model, key="id") if model else project.db.table("t", key="id")
    assert len([row async for row in rows.select().rows(page_size=30)]) == 30
    assert "id=gt.29&" in project.requests[1].url


async def test_written_rows_come_back_in_slices(build: Any) -> None:
    """An insert of many that returns them all."""
    project = build(Reply(201, body=table(30)), decode_at_once=50)
    assert await project.db.insert("t", [{"id": n} for n in range(30)]) == [{"id": n} for n in range(30)]
