"""Reading rows."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, Self, overload
from zoneinfo import ZoneInfo

from viber.services.supabase.filters._filters import Make
from viber.services.supabase.reading._clauses import ALL, Clauses
from viber.services.supabase.reading._counts import CountMode, count_wish
from viber.services.supabase.reading._formats import (
    CSV,
    GEOJSON,
    PLAIN,
    WITHOUT_NULLS,
    Form,
    PlanFormat,
    media_type,
    plan_of,
    zone_wishes,
)
from viber.services.supabase.reading._narrowing import Narrowable
from viber.services.supabase.reading._parts import needs_parts, rows_in_parts
from viber.services.supabase.reading._picks import Pick, any_at_all, first_or_none, only, only_or_none
from viber.services.supabase.reading._readings import (
    CountedRows,
    Reading,
    bytes_in,
    collection_in,
    plan_in,
    require_rows,
    text_in,
    total_in,
)
from viber.services.supabase.reading._walkable import Walkable
from viber.services.supabase.wire._query import Query
from viber.services.supabase.wire._result import Counted, Receipt
from viber.services.supabase.wire._rows import DICTS, Row
from viber.services.supabase.wire._source import Source


@dataclass(frozen=True, slots=True)
class Select(Query[list[Row]], Narrowable, Walkable[Row]):
    """A question for rows; each step returns a new one, and awaiting it gives the list."""

    source: Source[Row]
    clauses: Clauses = ALL
    form: Form = PLAIN

    def without_nulls(self) -> Self:
        """Leave out the columns of a row that are null: a model then needs defaults for them."""
        return replace(self, form=self.form.accepting(WITHOUT_NULLS))

    def time_zone(self, zone: str | ZoneInfo) -> Self:
        """Write instants in this zone, for example `"Europe/Paris"`; they stay the same.

        Times without an offset, in filters, are taken for times of this zone.

        Raises:
            InvalidRequestError: no zone can have that name; when it is sent, the server knows none.
        """
        return replace(self, form=self.form.wishing(*zone_wishes(str(zone))))

    def run(self) -> Coroutine[object, None, list[Row]]:
        """A coroutine that gives the list of rows.

        Where `in_()` has more values than a URL can carry, or than the server gives rows, they are asked for
        in parts, a few at a time.

        Raises:
            SupabaseError: the server refused or failed; which class says what happened.
            RowMismatchError: a row does not fit the model.
            InvalidRequestError: the URL would be too long, and parts would find something else; nothing was
                sent.
        """
        return self._run()

    def one(self) -> Query[Row]:
        """Exactly one row; none is a `NotFoundError`, several are a `MultipleRowsError`."""
        return Pick(self.source, self.clauses.at_most(2), self.form, only)

    def maybe_one(self) -> Query[Row | None]:
        """One row, or None when there is none; several are a `MultipleRowsError`."""
        return Pick(self.source, self.clauses.at_most(2), self.form, only_or_none)

    def first(self) -> Query[Row | None]:
        """The first row, or None when there is none."""
        return Pick(self.source, self.clauses.at_most(1), self.form, first_or_none)

    def exists(self) -> Query[bool]:
        """Whether there is such a row."""
        return Pick(self.source.typed(DICTS), self.clauses.at_most(1), self.form, any_at_all)

    def count(self, mode: CountMode = "exact") -> Query[int]:
        """How many rows the filters find, whatever limit and offset say; no row is sent.

        An exact count reads all of them. `"planned"` takes the guess of PostgreSQL's planner, `"estimated"`
        counts as far as the server's row cap and guesses beyond.

        Raises:
            InvalidRequestError: an aggregate is selected: the server would count rows, and not groups.
        """
        require_rows(self.clauses)
        # A HEAD would do, but what is wrong with it would remain unsaid: its refusals have no body.
        clauses = self.clauses.bounded(0, None)
        return Reading(self.source, clauses, self.form.wishing(count_wish(mode)), total_in, "count")

    def with_count(self, mode: CountMode = "exact") -> Query[Counted[list[Row]]]:
        """The rows, and in `count` how many there are without limit and offset; beyond the last row, none.

        Raises:
            InvalidRequestError: an aggregate is selected: the server would count rows, and not groups.

        Example::

            page = await orders.select().order("id").range(50, 74).with_count()    # Counted[list[Order]]
            print(f"{len(page.data)} of {page.count}")
        """
        require_rows(self.clauses)
        return CountedRows(self.source, self.clauses, self.form.wishing(count_wish(mode)))

    def csv(self) -> Query[str]:
        """The rows as comma-separated values, under a line with the names of the columns.

        Without rows it is empty, and has no such line.
        """
        return Reading(self.source, self.clauses, self.form.accepting(CSV), text_in, "select")

    def geojson(self) -> Query[dict[str, Any]]:
        """The rows as a GeoJSON FeatureCollection; the database needs PostGIS, and the rows a geometry."""
        return Reading(self.source, self.clauses, self.form.accepting(GEOJSON), collection_in, "select")

    def media(self, type: str) -> Query[bytes]:  # noqa: A002 - HTTP's word
        """The rows in a media type that the database makes of them itself, for example `"image/png"`.

        Raises:
            InvalidRequestError: no header can carry it; when it is sent, the database has no such type.
        """
        form = self.form.accepting(media_type(type))
        return Reading(self.source, self.clauses, form, partial(bytes_in, accept=type), "select")

    @overload
    def explain(
        self,
        *,
        analyze: bool = False,
        verbose: bool = False,
        settings: bool = False,
        buffers: bool = False,
        wal: bool = False,
        format: Literal["text"] = "text",
    ) -> Query[str]: ...
    @overload
    def explain(
        self,
        *,
        analyze: bool = False,
        verbose: bool = False,
        settings: bool = False,
        buffers: bool = False,
        wal: bool = False,
        format: Literal["json"],
    ) -> Query[dict[str, Any]]: ...
    def explain(
        self,
        *,
        analyze: bool = False,
        verbose: bool = False,
        settings: bool = False,
        buffers: bool = False,
        wal: bool = False,
        format: PlanFormat = "text",  # noqa: A002 - PostgreSQL's word
    ) -> Query[Any]:
        """How PostgreSQL would run it; `analyze` runs it, too. The server must have plans enabled.

        Raises:
            InvalidRequestError: when it is sent, plans are not enabled.
        """
        options = {
            "analyze": analyze,
            "verbose": verbose,
            "settings": settings,
            "buffers": buffers,
            "wal": wal,
        }
        form = self.form.accepting(plan_of(self.form.accept, format, options))
        read = plan_in if format == "json" else text_in
        return Reading(self.source, self.clauses, form, read, "explain")

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same query, which notes its answers on the receipt."""
        return replace(self, source=self.source.recorded_by(receipt))

    def _where(self, *makes: Make) -> Self:
        # What Narrowable does, without its detour: this is the step that every query takes.
        filters = tuple([make() for make in makes])
        return type(self)(self.source, self.clauses.where(*filters), self.form)

    def _but(self, change: Callable[[Clauses], Clauses]) -> Self:
        return type(self)(self.source, change(self.clauses), self.form)

    async def _run(self) -> list[Row]:
        source, clauses = self.source, self.clauses
        if clauses.matches_nothing:
            return []
        if needs_parts(source, clauses):
            return await rows_in_parts(source, clauses, self.form)
        rows = await source.fetch(clauses, source.read, self.form)
        source.session.doubt(source.table, len(rows), clauses.limit)
        return rows
