"""Rows that are asked for in parts, since no URL carries the whole question."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from itertools import chain
from typing import Any, TypeVar

from viber.resilience import Deadline
from viber.services.supabase._clauses import Clauses
from viber.services.supabase._formats import Form
from viber.services.supabase._rows import Row
from viber.services.supabase._source import Source
from viber.services.supabase._split import has_list, split

In = TypeVar("In")
Out = TypeVar("Out")

_AT_ONCE = 4
"""Parts of one query that are under way together: more would take the places of other callers."""


def is_too_long(source: Source[Any], clauses: Clauses) -> bool:
    """Whether a list of values makes the question too long for one URL, and asking twice can do no harm."""
    return has_list(clauses) and source.only_reads and len(clauses.query()) > source.room


async def rows_in_parts(source: Source[Row], clauses: Clauses, form: Form) -> list[Row]:
    """The rows of all parts, within the total time of one call; a part that fails ends the others.

    Raises:
        InvalidRequestError: the parts together would find something else; nothing was sent.
    """

    async def fetch(part: Clauses) -> list[Row]:
        rows = await source.fetch(part, source.read, form)
        source.session.doubt(source.table, len(rows))
        return rows

    parts = split(clauses, source.room)
    pipeline = source.session.channel.pipeline
    total = pipeline.total_timeout
    with nullcontext() if total is None else Deadline(total, clock=pipeline.clock):
        return list(chain.from_iterable(await _each(fetch, parts)))


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
