"""Where rows come from and what they become."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Generic, Self, TypeVar

from viber.errors import SupabaseError
from viber.http import Request, Response
from viber.resilience import Call
from viber.services.supabase.filters._quoting import name, segment
from viber.services.supabase.reading._clauses import Clauses
from viber.services.supabase.reading._formats import PLAIN, Form
from viber.services.supabase.reading._selection import Selectable, selection
from viber.services.supabase.wire._result import Receipt
from viber.services.supabase.wire._rows import DICTS, Row, RowReader, reader_of
from viber.services.supabase.wire._session import Session
from viber.services.supabase.wire._slices import read_rows

Other = TypeVar("Other")
Out = TypeVar("Out")

_path_of = lru_cache(maxsize=1024)(segment)
"""Most programs have few tables, and ask for them often."""


@dataclass(frozen=True, slots=True)
class Source(Generic[Row]):
    """A table as one view of a project sees it, and the type of its rows."""

    session: Session = field(repr=False)
    table: str
    path: str
    rows: RowReader[Row] = field(repr=False)
    key: tuple[str, ...] = ()
    """Columns that are unique together and not null, as far as they were declared."""

    @property
    def only_reads(self) -> bool:
        """Asking changes nothing."""
        return True

    @property
    def asked(self) -> str:
        """What is asked of it beside the query string."""
        return ""

    @property
    def room(self) -> int:
        """How many characters its clauses may have in a query string."""
        return self.session.endpoint.room(self.path) - (len(self.asked) + len("&") if self.asked else 0)

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same table, for one run whose answers are noted."""
        return replace(self, session=self.session.recorded_by(receipt))

    def typed(self, rows: RowReader[Other]) -> "Source[Other]":
        """The same table, whose rows become something else."""
        return Source(self.session, self.table, self.path, rows, self.key)

    def projected(self, columns: tuple[Selectable, ...], model: type[Any] | None) -> "Source[Any]":
        """With rows of the model; of its own type for all columns, of dicts for some.

        Raises:
            InvalidRequestError: the columns cannot be selected, or not together.
        """
        selection(columns)
        if model is not None:
            return self.typed(reader_of(model))
        return self.typed(DICTS) if columns and self.rows is not DICTS else self

    def read(self, response: Response, first: int = 0) -> Awaitable[list[Row]]:
        """The rows of an answer; `first` is the number of the first one, for errors."""
        at_once = self.session.decode_at_once
        return read_rows(self.rows, response.body, table=self.table, at_once=at_once, first=first)

    def fetch(
        self,
        clauses: Clauses,
        read: Callable[[Response], Awaitable[Out]],
        form: Form = PLAIN,
        *,
        verb: str = "select",
        recover: Callable[[SupabaseError, Call], Awaitable[Out]] | None = None,
    ) -> Coroutine[Any, Any, Out]:
        """Ask for what the clauses find, in one request."""
        request = self._request(clauses)
        if form is not PLAIN:
            request = form.put_on(request)
        return self.session.call(
            request, read, operation=self._operation(verb), idempotent=self._is_repeatable, recover=recover
        )

    @property
    def _is_repeatable(self) -> bool:
        return True

    def _operation(self, verb: str) -> str:
        return f"{verb} {self.table}"

    def _request(self, clauses: Clauses) -> Request:
        return self.session.endpoint.read(self.path, clauses.query())


def source_of(
    session: Session, table: str, rows: RowReader[Row], key: str | tuple[str, ...] | None = None
) -> Source[Row]:
    """The table of this name."""
    return Source(session, table, _path_of(table), rows, key_of(key))


def key_of(key: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """The columns of a key.

    Raises:
        InvalidRequestError: one of them is no name.
    """
    columns = (key,) if isinstance(key, str) else tuple(key or ())
    for column in columns:
        name(column)
    return columns
