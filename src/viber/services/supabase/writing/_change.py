"""Updating and deleting the rows that filters find."""

from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, Self, TypeVar, overload

from viber.errors import Delivery, SupabaseError
from viber.http import Response
from viber.resilience import Call
from viber.services.supabase._errors import MultipleRowsError, UnsettledWriteError, refusal
from viber.services.supabase.filters._filterable import Filterable
from viber.services.supabase.filters._filters import Filter, Make
from viber.services.supabase.reading._clauses import ALL, Clauses, count_of
from viber.services.supabase.reading._counts import ContentRange
from viber.services.supabase.reading._formats import PLAIN
from viber.services.supabase.reading._selection import Selectable
from viber.services.supabase.wire._rows import DictRow, Row
from viber.services.supabase.writing._bodies import with_value
from viber.services.supabase.writing._lookup import Lookup
from viber.services.supabase.writing._outcome import Outcome, count_by, rows_of, the_row_of
from viber.services.supabase.writing._version import Settlement, Version, stale, version_of
from viber.services.supabase.writing._write import Write

Out = TypeVar("Out")
Model = TypeVar("Model")
Verb = Literal["update", "delete", "soft delete", "restore"]
_NOT_ONE_ROW = "PGRST116"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Write[Row, Out], Filterable, Generic[Row, Out]):
    """An update or a delete of the rows that its filters find; nothing happens until it is awaited.

    A delete of unknown outcome is repeated, since deleting twice is deleting once; so is a soft delete. Where
    its answer tells which rows it touched, and the repetition finds none, an earlier attempt may have deleted
    them: that is an `UnsettledWriteError`, and not an empty list.
    """

    verb: Verb
    body: bytes | None = None
    clauses: Clauses = ALL
    own: tuple[Filter, ...] = ()
    """Filters of the verb itself, which are no reason to touch every row."""
    all_rows: bool = False
    version: Version | None = None

    @overload
    def returning(self) -> "Change[Row, list[Row]]": ...
    @overload
    def returning(self, column: Selectable, /, *more: Selectable) -> "Change[Row, list[DictRow]]": ...
    @overload
    def returning(self, *columns: Selectable, model: type[Model]) -> "Change[Row, list[Model]]": ...
    def returning(self, *columns: Selectable, model: type[Any] | None = None) -> "Change[Row, Any]":
        """Answer with the rows that were touched: all columns, or these."""
        query: Change[Row, Any] = self._answering(
            lambda: rows_of(self.source.projected(columns, model), columns)
        )
        return query

    def returning_row(self) -> "Change[Row, Row]":
        """Answer with the one row as it is now; where the filters find none, or several, nothing is done.

        Raises:
            InvalidRequestError: it is the update of a version, which says so by itself.
            NotFoundError: when it is run, there is no such row.
            MultipleRowsError: when it is run, there are several, and the server has undone it.

        Example::

            order = await orders.update({"status": "paid"}).eq("id", 7).returning_row()
        """

        def make() -> Outcome[Any]:
            if self.version is not None:
                raise refusal("an update of a version answers with a list", suggestion="use returning()")
            return the_row_of(self.source)

        query: Change[Row, Row] = self._answering(make)
        return query

    def count(self, mode: Literal["exact"] = "exact") -> "Change[Row, int]":
        """Answer with the number of rows that were touched."""
        query: Change[Row, int] = self._answering(lambda: count_by(mode))
        return query

    def max_affected(self, rows: int) -> Self:
        """Let the server undo it if it would touch more rows; an older server than 12.2 refuses it unrun."""
        return self._preferring(lambda: {"max_affected": count_of("max_affected()", rows)})

    def if_version(self, version: object, *, next: object = None, column: str = "version") -> Self:  # noqa: A002 - what it is
        """Update one row only while it has this version, and give it the next: one more, unless told.

        An attempt of unknown outcome is repeated: a row that then has the next version, and the new values,
        was updated by it.

        Raises:
            InvalidRequestError: it is no update, or the version is no number and `next` is missing.
            ConflictError: when it is run, the row has another version.
            NotFoundError: when it is run, there is no such row.

        Example::

            await orders.update({"status": "paid"}).eq("id", 7).if_version(3)
        """

        def make() -> dict[str, Any]:
            if self.verb != "update" or self.body is None or self.version is not None:
                raise refusal("if_version() is for an update, and for one version")
            if self.outcome.form is not PLAIN:
                raise refusal("an update of a version answers with a list", suggestion="use returning()")
            found = version_of(column, version, next)
            return {"version": found, "body": with_value(self.body, column, found.next)}

        return self._step(make)

    async def _run(self) -> Out:
        source, version = self.source, self.version
        if not (self.all_rows or any(not each.matches_everything for each in self.clauses.filters)):
            raise refusal(
                f"this {self.verb} of {source.table} has no filter, and would touch every row",
                suggestion="add one, or say all_rows=True",
            )
        if self.clauses.matches_nothing:
            return self.outcome.untouched()
        clauses = self.clauses.where(*self.own, *([] if version is None else [version.filter()]))
        wishes = self._wishes(counted=version is not None or self._tells_what_may_be_gone())
        request = source.session.endpoint.write(
            "DELETE" if self.body is None else "PATCH",
            source.path,
            "&".join([*self.outcome.pairs(), *filter(None, [clauses.query()])]),
            prefer=wishes.header(),
            body=self.body,
        )
        if self.outcome.form is not PLAIN:
            request = self.outcome.form.put_on(request)
        return await self._send(
            self.verb,
            request,
            wishes,
            idempotent=self.verb != "update" or version is not None,
            recover=self._settle,
        )

    def _tells_what_may_be_gone(self) -> bool:
        return self.verb != "update" and self.outcome.tells_rows

    def _require(self, response: Response, *, in_doubt: bool) -> None:
        touched = ContentRange.of(response.headers).total
        if self.version is not None and not touched:
            raise stale(self.version)
        if in_doubt and not touched and self._tells_what_may_be_gone():
            raise self._gone()
        if self.verb != "update":
            self._mark_repeated(in_doubt=in_doubt)

    async def _settle(self, error: SupabaseError, call: Call, in_doubt: bool) -> Out:  # noqa: FBT001 - a `Recover`
        if self.version is None or self.body is None:
            raise self._understood(error, in_doubt=in_doubt)
        lookup = Lookup(self.source, (), call, self.preferences.time_zone)
        settlement = Settlement(self.version, lookup, self.clauses, self.body, in_doubt)
        return await settlement.settle(self.outcome, error)

    def _understood(self, error: SupabaseError, *, in_doubt: bool) -> SupabaseError:
        """The refusal to touch another number of rows than one, in our words."""
        if (error.details or {}).get("code") != _NOT_ONE_ROW:
            return error
        if isinstance(error, MultipleRowsError):
            error.message = (
                f"several rows of {self.source.table} match, and one was asked for: nothing was done"
            )
        elif in_doubt and self.verb != "update":
            return self._gone()
        else:
            error.message = f"no row of {self.source.table} matches"
        return error

    def _gone(self) -> UnsettledWriteError:
        return UnsettledWriteError(
            f"no row is left to {self.verb}, and an earlier attempt may have done it",
            delivery=Delivery.UNKNOWN,
            suggestion="look at the table: which rows it touched cannot be told any more",
        )

    def _where(self, *makes: Make) -> Self:
        with self.duty.handed_over() as duty:
            return replace(self, clauses=self.clauses.where(*(make() for make in makes)), duty=duty)
