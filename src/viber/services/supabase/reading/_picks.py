"""One of the rows of a select, or the word that there is none."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Generic, Self, TypeVar

from viber.http import Response
from viber.services.supabase._errors import MultipleRowsError, SupabaseNotFoundError
from viber.services.supabase.reading._clauses import Clauses
from viber.services.supabase.reading._formats import Form
from viber.services.supabase.wire._query import Query
from viber.services.supabase.wire._result import Receipt
from viber.services.supabase.wire._rows import Row
from viber.services.supabase.wire._source import Source

Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Pick(Query[Out], Generic[Row, Out]):
    """What is made of the few rows that are enough to know."""

    source: Source[Row]
    clauses: Clauses
    form: Form
    choose: Callable[[list[Row], str], Out]

    def run(self) -> Coroutine[object, None, Out]:
        """A coroutine that gives the row."""
        return self._run()

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same query, which notes its answers on the receipt."""
        return replace(self, source=self.source.recorded_by(receipt))

    async def _run(self) -> Out:
        source = self.source
        if self.clauses.matches_nothing:
            return self.choose([], source.table)

        async def read(response: Response) -> Out:
            return self.choose(await source.read(response), source.table)

        return await source.fetch(self.clauses, read, self.form)


def only(rows: list[Row], table: str) -> Row:
    """The only row; neither none nor several will do."""
    row = only_or_none(rows, table)
    if row is None:
        raise SupabaseNotFoundError(f"no row of {table} matches", details={"table": table})
    return row


def only_or_none(rows: list[Row], table: str) -> Row | None:
    """The only row, if there is one; several will not do."""
    if len(rows) > 1:
        raise MultipleRowsError(
            f"several rows of {table} match, and one was asked for",
            details={"table": table},
            suggestion="filter by a unique column, or take first()",
        )
    return rows[0] if rows else None


def first_or_none(rows: list[Row], _: str) -> Row | None:
    """The first row, if there is one."""
    return rows[0] if rows else None


def any_at_all(rows: list[Row], _: str) -> bool:
    """Whether there is a row."""
    return bool(rows)
