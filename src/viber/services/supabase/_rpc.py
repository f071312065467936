"""Calling functions of the database."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, Self, TypeVar, cast

from pydantic_core import from_json

from viber.http import Request, Response
from viber.services.supabase._errors import refusal
from viber.services.supabase._query import Duty, Query
from viber.services.supabase._quoting import RESERVED, percent, segment, sound
from viber.services.supabase._result import Receipt
from viber.services.supabase._rows import DICTS, Row, RowReader
from viber.services.supabase._session import Session
from viber.services.supabase._slices import read_rows
from viber.services.supabase._values import argument_text, json_of

Out = TypeVar("Out")
RpcMethod = Literal["POST", "GET"]
_NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Call(Query[Out], Generic[Out]):
    """A call of a function; nothing happens until it is awaited."""

    session: Session = field(repr=False)
    function: str
    request: Request
    read: Callable[[Response], Awaitable[Out]] = field(repr=False)
    duty: Duty = field(repr=False, compare=False)

    def run(self) -> Coroutine[Any, Any, Out]:
        """A coroutine that calls the function.

        Raises:
            NotFoundError: there is no such function, or not with these arguments.
            SupabaseError: the function raised, or the server failed; see `delivery`.
        """
        self.duty.discharge()
        return self._run()

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same query, which notes its answers on the receipt."""
        return replace(self, session=self.session.recorded_by(receipt))

    async def _run(self) -> Out:
        result: Out = await self.session.call(
            self.request,
            self.read,
            operation=f"rpc {self.function}",
            idempotent=self.request.method == "GET",
        )
        self._doubt(result)
        return result

    def _doubt(self, result: object) -> None:
        if isinstance(result, list):
            self.session.doubt(f"rpc {self.function}", len(cast("list[object]", result)))


def call_request(
    session: Session, function: str, arguments: Mapping[str, object], method: RpcMethod
) -> Request:
    """The request that calls a function with named arguments."""
    path = f"rpc/{segment(function)}"
    if method == "POST":
        return session.endpoint.write("POST", path, body=json_of(arguments))
    if method == "GET":
        return session.endpoint.read(path, "&".join(_pair(*each) for each in arguments.items()))
    raise refusal(f"a function is called by POST or GET, not {method!r}")


def duty_of(function: str, method: RpcMethod) -> Duty:
    """A call by POST may write, and has to be run; one by GET only reads."""
    return Duty(f"call of {function}" if method == "POST" else "")


def value_reader(session: Session, function: str) -> Callable[[Response], Awaitable[Any]]:
    """Reads whatever a function returned; None for nothing."""

    async def read(response: Response) -> Any:
        if _is_nothing(response):
            return None
        if response.body[:1] == b"[":
            return await _rows(session, DICTS, response.body, function)
        return from_json(response.body)

    return read


def rows_reader(
    session: Session, reader: RowReader[Row], function: str
) -> Callable[[Response], Awaitable[list[Row]]]:
    """Reads what a function returned as rows; a single value or row is a list of one."""

    async def read(response: Response) -> list[Row]:
        body = response.body.strip()
        if _is_nothing(response) or body == b"null":
            return []
        return await _rows(session, reader, body if body[:1] == b"[" else b"[%b]" % body, function)

    return read


def _rows(session: Session, reader: RowReader[Row], body: bytes, function: str) -> Awaitable[list[Row]]:
    return read_rows(reader, body, table=f"rpc {function}", at_once=session.decode_at_once)


def _is_nothing(response: Response) -> bool:
    return response.status == _NO_CONTENT and not response.body


def _pair(argument: str, value: object) -> str:
    if argument in RESERVED or not argument:
        raise refusal(f"{argument!r} cannot be an argument in a query string", suggestion='use method="POST"')
    return f"{percent(sound(argument))}={percent(argument_text(value))}"
