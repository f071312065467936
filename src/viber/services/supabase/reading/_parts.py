"""Rows that are asked for in parts, since no URL carries the whole question."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from itertools import chain
from typing import Any, TypeVar

from viber.resilience import Deadline
from viber.services.supabase.filters._split import has_list, has_more_values, split
from viber.services.supabase.reading._clauses import Clauses
from viber.services.supabase.reading._formats import Form
from viber.services.supabase.wire._rows import Row
from viber.services.supabase.wire._source import Source

In = TypeVar("In")
Out = TypeVar("Out")

_AT_ONCE = 4
"""Parts of one query that are under way together: more would take the places of other callers."""


def needs_parts(source: Source[Any], clauses: Clauses) -> bool:
    """Whether a list of values is too long for one URL, or would find more rows than the server gives.

    That is seen from the number of values, as if each found one row. Asking twice must do no harm.
    """
    if not has_list(clauses) or not source.only_reads:
        return False
    most = _most(source)
    return len(clauses.query()) > source.room or (most is not None and has_more_values(clauses, most))


async def rows_in_parts(source: Source[Row], clauses: Clauses, form: Form) -> list[Row]:
    """The rows of all parts, within the total time of one call; a part that fails ends the others.

    Raises:
        InvalidRequestError: the parts together would find something else; nothing was sent.
    """

    async def fetch(part: Clauses) -> list[Row]:
        rows = await source.fetch(part, source.read, form)
        source.session.doubt(source.table, len(rows))
        return rows

    parts = split(clauses, source.room, _most(source))
    pipeline = source.session.channel.pipeline
    total = pipeline.total_timeout
    with nullcontext() if total is None else Deadline(total, clock=pipeline.clock):
        return list(chain.from_iterable(await _each(fetch, parts)))


def _most(source: Source[Any]) -> int | None:
    """So many values that their rows, one for each, are fewer than the server's cap."""
    cap = source.session.max_rows
    return max(cap - 1, 1) if cap else None


async def _each(do: Callable[[In], Awaitable[Out]], things: Iterable[In]) -> list[Out]:
    """What each gives, in their order, a few at a time; the first error is raised when all have ended."""
    found: dict[int, Out] = {}
    left = iter(enumerate(things))

    async def work() -> None:
        for number, thing in left:
            found[number] = await do(thing)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(_AT_ONCE):
                workers.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [found[number] for number in sorted(found)]
