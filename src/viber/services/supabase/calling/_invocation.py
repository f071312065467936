"""A call of a function as a request: arguments named in JSON or in the query string, or a body as it is."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Literal, TypedDict, cast

from viber.http import Request
from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._quoting import RESERVED, percent, segment, sound
from viber.services.supabase.filters._values import argument_text, is_listing, json_of
from viber.services.supabase.wire._endpoint import Endpoint
from viber.services.supabase.wire._query import Duty
from viber.services.supabase.writing._bodies import body_of
from viber.services.supabase.writing._fields import RowInput, is_row

RpcMethod = Literal["POST", "GET", "HEAD"]
_READING = frozenset({"GET", "HEAD"})
CallBody = RowInput | Iterable[RowInput] | str | bytes
"""What the one unnamed parameter of a function is given: JSON objects, text, or bytes."""
# A query string has one place for both: a value that looks like an operator is read as a filter.
_is_filter = re.compile(
    r"(not|eq|neq|gte?|lte?|i?like|i?match|in|is|isdistinct|(pl|ph|w)?fts|c[sd]|ov|s[lr]|nx[rl]|adj)"
    r"(\([^)]*\))?\."
).match


class RpcOptions(TypedDict, total=False):
    """How a function is called."""

    method: RpcMethod
    body: CallBody
    """In place of named arguments, for a function of one unnamed parameter."""
    content_type: str
    """Of the body; by default JSON for rows, `text/plain` for text, `application/octet-stream` for bytes."""
    idempotent: bool
    """Whether a call by POST may be repeated; one by GET may be anyway."""
    key: str | tuple[str, ...] | None
    """Unique and not null among the rows that come back: walking them with `rows()` needs it."""


@dataclass(frozen=True, slots=True)
class Variadic:
    """The values of a variadic parameter."""

    values: tuple[object, ...]


def variadic(*values: object) -> Variadic:
    """The values of a parameter that takes any number of them.

    Example::

        total = await db.rpc("plus", {"numbers": variadic(1, 2, 3)}, method="GET")
    """
    return Variadic(values)


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function with its arguments; it can be sent more than once."""

    function: str
    method: RpcMethod
    arguments: str = field(repr=False)
    """For the query string."""
    body: bytes | None = field(repr=False)
    content_type: str
    idempotent: bool
    duty: Duty = field(repr=False, compare=False)

    @property
    def only_reads(self) -> bool:
        """The server runs it in a transaction that cannot write."""
        return self.method in _READING

    @property
    def path(self) -> str:
        """Where the function is called."""
        return f"rpc/{segment(self.function)}"

    def request(self, endpoint: Endpoint, query: str = "") -> Request:
        """The request; the query string says what to do with the rows that the function returns."""
        if self.only_reads:
            query = "&".join(filter(None, (self.arguments, query)))
            return endpoint.read(self.path, query, method=self.method)
        return endpoint.write("POST", self.path, query, body=self.body, content_type=self.content_type)


def invocation(function: str, arguments: Mapping[str, object] | None, options: RpcOptions) -> Invocation:
    """The call, its arguments encoded now: what happens to them later changes nothing.

    Raises:
        InvalidRequestError: an argument cannot be sent, or not by this method.
    """
    if unknown := options.keys() - RpcOptions.__annotations__.keys():
        raise TypeError(f"rpc() has no option {', '.join(sorted(unknown))}")
    _require_names(arguments)
    segment(function)
    method = options.get("method", "POST")
    idempotent = options.get("idempotent", False)
    if method in _READING:
        if "body" in options:
            raise refusal(f"a {method} has no body", suggestion='use method="POST"')
        query = "&".join(pair for name, value in (arguments or {}).items() for pair in _pairs(name, value))
        return Invocation(function, method, query, None, "", True, Duty(""))
    if method != "POST":
        raise refusal(f"a function is called by POST, GET or HEAD, not {method!r}")
    body, kind = _body(arguments, options)
    return Invocation(function, method, "", body, kind, idempotent, Duty(f"call of {function}"))


def _require_names(arguments: object) -> None:
    if not isinstance(arguments, (Mapping, NoneType)):
        raise refusal(
            f"arguments are given by name, in a dict, and not in a {type(arguments).__name__}",
            suggestion="body= takes what a function of one unnamed parameter is given",
        )


def _body(arguments: Mapping[str, object] | None, options: RpcOptions) -> tuple[bytes, str]:
    if "body" not in options:
        return json_of({name: _listed(value) for name, value in (arguments or {}).items()}), ""
    if arguments:
        raise refusal("a call has named arguments or a body, not both")
    encoded, kind = _encoded(options["body"])
    return encoded, options.get("content_type", kind)


def _encoded(body: object) -> tuple[bytes, str]:
    if isinstance(body, str):
        return sound(body).encode(), "text/plain"
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if not is_row(body) and not is_listing(body):
        # PostgREST makes an empty list of any other JSON, and says nothing.
        raise refusal(f"a {type(body).__name__} is not a body", suggestion="pass an object, text or bytes")
    return body_of(cast("Any", body)).json, "application/json"


def _listed(value: object) -> object:
    return list(value.values) if isinstance(value, Variadic) else value


def _pairs(name: str, value: object) -> Iterator[str]:
    if name in RESERVED or not name:
        raise refusal(f"{name!r} cannot be an argument in a query string", suggestion='use method="POST"')
    key = percent(sound(name))
    for each in value.values if isinstance(value, Variadic) else (value,):
        yield f"{key}={percent(_argument(name, each))}"


def _argument(name: str, value: object) -> str:
    if value is None:
        raise refusal(f"{name!r} is None", suggestion='leave it out, or use method="POST"')
    text = argument_text(value)
    if _is_filter(text):
        raise refusal(
            f"the value of {name!r} begins like a filter, and would be taken for one",
            suggestion='use method="POST"',
        )
    return text
