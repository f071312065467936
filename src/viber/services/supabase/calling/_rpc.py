"""Calling functions of the database, and the rows or the value that they return."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Self, TypeVar, cast, overload

from pydantic_core import from_json

from viber.http import Request, Response
from viber.services.supabase._errors import refusal
from viber.services.supabase.calling._invocation import Invocation
from viber.services.supabase.reading._clauses import Clauses
from viber.services.supabase.reading._select import Select
from viber.services.supabase.reading._selection import Selectable
from viber.services.supabase.wire._query import Query
from viber.services.supabase.wire._result import Receipt
from viber.services.supabase.wire._rows import DICTS, DictRow, Row, RowReader, reader_of
from viber.services.supabase.wire._session import Session
from viber.services.supabase.wire._slices import read_rows
from viber.services.supabase.wire._source import Source

Out = TypeVar("Out")
Other = TypeVar("Other")
Model = TypeVar("Model")
_NO_CONTENT = 204


class CallClauses(Clauses):
    """What is said about the rows of a function: it is called for what it does, whatever they find."""

    __slots__ = ()

    @property
    def matches_nothing(self) -> bool:
        """A function may do something, and return nothing."""
        return False


@dataclass(frozen=True, slots=True)
class Returned(Source[Row]):
    """The rows that a function returns: none, one, or a set."""

    invocation: Invocation = field(kw_only=True)

    @property
    def only_reads(self) -> bool:
        """By GET it runs in a transaction that cannot write."""
        return self.invocation.only_reads

    @property
    def asked(self) -> str:
        """The arguments."""
        return self.invocation.arguments

    def typed(self, rows: RowReader[Other]) -> "Returned[Other]":
        """The same call, whose rows become something else."""
        return Returned(self.session, self.table, self.path, rows, self.key, invocation=self.invocation)

    def require_rows(self) -> None:
        """Refuse a call whose answer has no body."""
        if self.invocation.method == "HEAD":
            raise refusal("a HEAD brings no rows", suggestion="ask it for select().count()")

    def read(self, response: Response, first: int = 0) -> Awaitable[list[Row]]:
        """The rows of an answer; a single row or value is a list of one, and null is none."""
        self.require_rows()
        body = response.body.strip()
        if _is_nothing(response) or body == b"null":
            body = b"[]"
        elif body and body[:1] != b"[":
            body = b"[%b]" % body
        at_once = self.session.decode_at_once
        return read_rows(self.rows, body, table=self.table, at_once=at_once, first=first)

    @property
    def _is_repeatable(self) -> bool:
        return self.invocation.idempotent

    def _operation(self, verb: str) -> str:
        return self.table if verb == "select" else f"{verb} {self.table}"

    def _request(self, clauses: Clauses) -> Request:
        self.invocation.duty.discharge()
        return self.invocation.request(self.session.endpoint, clauses.query())


@dataclass(frozen=True, slots=True)
class Call(Query[Out], Generic[Out]):
    """A call of a function; nothing happens until it is awaited."""

    source: Returned[Any]
    value: Callable[[Session, Response], Awaitable[Out]] = field(repr=False)

    @overload
    def select(self) -> Select[DictRow]: ...
    @overload
    def select(self, column: Selectable, /, *more: Selectable) -> Select[DictRow]: ...
    @overload
    def select(self, *columns: Selectable, model: type[Model]) -> Select[Model]: ...
    def select(self, *columns: Selectable, model: type[Any] | None = None) -> Select[Any]:
        """The rows that the function returns, to be filtered, ordered and walked like those of a table.

        Example::

            mine = db.rpc("customer_orders", {"customer_id": 7}, method="GET").select("id", "total")
            open_ones = await mine.eq("status", "open").order("total", desc=True).limit(3)
        """
        return Select(self.source.projected(columns, model), CallClauses(columns))

    def run(self) -> Coroutine[object, None, Out]:
        """A coroutine that calls the function.

        Raises:
            NotFoundError: there is no such function, or not with these arguments.
            SupabaseError: the function raised, or the server failed; see `delivery`.
            RowMismatchError: what it returned does not fit the type.
        """
        self.source.require_rows()
        self.source.invocation.duty.discharge()
        return self._run()

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same query, about to be run, which notes its answers on the receipt."""
        self.source.invocation.duty.discharge()
        return replace(self, source=self.source.recorded_by(receipt))

    async def _run(self) -> Out:
        session = self.source.session
        result: Out = await self.source.fetch(CallClauses(), lambda answer: self.value(session, answer))
        self._doubt(result)
        return result

    def _doubt(self, result: object) -> None:
        if isinstance(result, list):
            self.source.session.doubt(self.source.table, len(cast("list[object]", result)))


def returned_by(
    session: Session, invocation: Invocation, rows: RowReader[Row], key: tuple[str, ...]
) -> Returned[Row]:
    """The rows of a call."""
    return Returned(session, f"rpc {invocation.function}", invocation.path, rows, key, invocation=invocation)


def any_value(function: str) -> Callable[[Session, Response], Awaitable[Any]]:
    """Reads whatever a function returned; None for nothing."""

    async def read(session: Session, response: Response) -> Any:
        if _is_nothing(response):
            return None
        if response.body[:1] == b"[":
            return await read_rows(
                DICTS, response.body, table=f"rpc {function}", at_once=session.decode_at_once
            )
        return from_json(response.body)

    return read


def value_of(function: str, type_: type[Out]) -> Callable[[Session, Response], Awaitable[Out]]:
    """Reads what a function returned as one value of a type; nothing is None."""
    reader = reader_of(type_)

    async def read(_: Session, response: Response) -> Out:
        body = b"null" if _is_nothing(response) else response.body
        values = reader.read(b"[%b]" % body, table=f"rpc {function}")
        if len(values) != 1:
            raise ValueError("not one value")
        return values[0]

    return read


def _is_nothing(response: Response) -> bool:
    return response.status == _NO_CONTENT and not response.body
