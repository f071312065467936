"""Writing rows. A write answers nothing unless `returning()` asks for its rows."""

from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, Self, TypeVar, overload

from viber.services.supabase._bodies import Body
from viber.services.supabase._clauses import ALL, Clauses
from viber.services.supabase._errors import refusal
from viber.services.supabase._filterable import Filterable
from viber.services.supabase._filters import Make
from viber.services.supabase._outcome import Outcome, rows_of
from viber.services.supabase._query import Duty, Query
from viber.services.supabase._quoting import names, percent
from viber.services.supabase._result import Receipt
from viber.services.supabase._rows import DictRow, Row
from viber.services.supabase._source import Source

Out = TypeVar("Out")
Model = TypeVar("Model")
OnDuplicate = Literal["merge", "ignore"]


@dataclass(frozen=True, slots=True)
class Upsert:
    """What happens to a row that is there already, and which columns tell that it is the same."""

    on_conflict: tuple[str, ...] = ()
    on_duplicate: OnDuplicate = "merge"


@dataclass(frozen=True, slots=True)
class Insert(Query[Out], Generic[Row, Out]):
    """Rows to insert, or to upsert; nothing happens until it is awaited."""

    source: Source[Row]
    body: Body
    outcome: Outcome[Out]
    upsert: Upsert | None = None
    duty: Duty = field(default_factory=lambda: Duty("an insert"), repr=False, compare=False)

    @overload
    def returning(self) -> "Insert[Row, list[Row]]": ...
    @overload
    def returning(self, column: str, /, *more: str) -> "Insert[Row, list[DictRow]]": ...
    @overload
    def returning(self, *columns: str, model: type[Model]) -> "Insert[Row, list[Model]]": ...
    def returning(self, *columns: str, model: type[Any] | None = None) -> "Insert[Row, Any]":
        """Answer with the rows as they are now: all columns, or these."""
        with self.duty.handed_over() as duty:
            outcome = rows_of(self.source.projected(columns, model), columns)
            return Insert(self.source, self.body, outcome, self.upsert, duty)

    def run(self) -> Coroutine[Any, Any, Out]:
        """A coroutine that writes; an empty list of rows is not sent.

        Raises:
            ConflictError: a row of that key exists, or one that it refers to does not.
            SupabaseError: the server refused or failed. With `delivery` UNKNOWN, and after a `TransportError`
                or `TimeoutError` of that kind, the rows may have been written.
        """
        self.duty.discharge()
        return self._run()

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same query, which notes its answers on the receipt."""
        return replace(self, source=self.source.recorded_by(receipt))

    async def _run(self) -> Out:
        if not self.body.count:
            return self.outcome.untouched()
        source = self.source
        request = source.session.endpoint.write(
            "POST", source.path, "&".join(self._pairs()), prefer=self._prefer(), body=self.body.json
        )
        verb = "upsert" if self.upsert else "insert"
        return await source.session.call(
            request, self.outcome.read, operation=f"{verb} {source.table}", idempotent=False
        )

    def _pairs(self) -> Iterator[str]:
        yield from self.outcome.pairs()
        if self.body.columns:
            yield f"columns={percent(names(self.body.columns))}"
        if self.upsert and self.upsert.on_conflict:
            yield f"on_conflict={percent(names(self.upsert.on_conflict))}"

    def _prefer(self) -> str:
        wishes: list[str] = [self.outcome.prefer]
        if self.upsert:
            wishes.append(f"resolution={self.upsert.on_duplicate}-duplicates")
        if self.body.columns:
            wishes.append("missing=default")
        return ",".join(wishes)


@dataclass(frozen=True, slots=True)
class Change(Query[Out], Filterable, Generic[Row, Out]):
    """An update or a delete of the rows that its filters find; nothing happens until it is awaited."""

    source: Source[Row]
    method: Literal["PATCH", "DELETE"]
    outcome: Outcome[Out]
    body: bytes | None = field(default=None, repr=False)
    clauses: Clauses = ALL
    all_rows: bool = False
    duty: Duty = field(default_factory=lambda: Duty("an update or delete"), repr=False, compare=False)

    @overload
    def returning(self) -> "Change[Row, list[Row]]": ...
    @overload
    def returning(self, column: str, /, *more: str) -> "Change[Row, list[DictRow]]": ...
    @overload
    def returning(self, *columns: str, model: type[Model]) -> "Change[Row, list[Model]]": ...
    def returning(self, *columns: str, model: type[Any] | None = None) -> "Change[Row, Any]":
        """Answer with the rows that were touched: all columns, or these."""
        with self.duty.handed_over() as duty:
            outcome = rows_of(self.source.projected(columns, model), columns)
            return Change(self.source, self.method, outcome, self.body, self.clauses, self.all_rows, duty)

    def run(self) -> Coroutine[Any, Any, Out]:
        """A coroutine that changes the rows; that none is found is not an error.

        Raises:
            InvalidRequestError: there is no filter and no `all_rows=True`; nothing was sent.
            SupabaseError: the server refused or failed; see `delivery` for whether it may have acted.
        """
        self.duty.discharge()
        return self._run()

    def _where(self, *makes: Make) -> Self:
        with self.duty.handed_over() as duty:
            return replace(self, clauses=self.clauses.where(*(make() for make in makes)), duty=duty)

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same query, which notes its answers on the receipt."""
        return replace(self, source=self.source.recorded_by(receipt))

    async def _run(self) -> Out:
        verb = "update" if self.method == "PATCH" else "delete"
        source = self.source
        if not (self.clauses.filters or self.all_rows):
            raise refusal(
                f"this {verb} of {source.table} has no filter, and would touch every row",
                suggestion="add one, or say all_rows=True",
            )
        if self.clauses.matches_nothing:
            return self.outcome.untouched()
        request = source.session.endpoint.write(
            self.method, source.path, self._query(), prefer=self.outcome.prefer, body=self.body
        )
        return await source.session.call(
            request,
            self.outcome.read,
            operation=f"{verb} {source.table}",
            idempotent=self.method == "DELETE",
        )

    def _query(self) -> str:
        return "&".join([*self.outcome.pairs(), *filter(None, [self.clauses.query()])])
