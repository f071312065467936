"""What the Gemini server keeps: things with names, found, listed in pages and removed. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Final, Generic, Protocol, TypeVar

from viber.sandbox._gemini_wire import GeminiRefusedError, Json, invalid_argument

_PAGE: Final = 50
_LARGEST_PAGE: Final = 1000
_MARK: Final = re.compile(r"\[\[(processing|fail)(?::(\d+))?\]\]")


class Kept(Protocol):
    """Something that can be shown."""

    def describe(self) -> Json:
        """Return its JSON."""
        ...


T = TypeVar("T", bound=Kept)


class Shelf(Generic[T]):
    """The things of one collection, such as ``files``, in the order in which they came.

    Example:
        >>> Shelf("files").page("files", {})
        {'files': []}
    """

    def __init__(self, collection: str) -> None:
        self._collection = collection
        self._things: dict[str, T] = {}

    def __contains__(self, thing_id: str) -> bool:
        return thing_id in self._things

    def put(self, thing_id: str, thing: T) -> T:
        """Keep a thing under its id."""
        self._things[thing_id] = thing
        return thing

    def find(self, thing_id: str) -> T:
        """Return a thing (`GeminiRefusedError` 404 when it is not there)."""
        if thing_id not in self._things:
            raise GeminiRefusedError(404, f"{self._collection}/{thing_id} is not found.")
        return self._things[thing_id]

    def drop(self, thing_id: str) -> Json:
        """Remove a thing; the answer is an empty object."""
        self.find(thing_id)
        del self._things[thing_id]
        return {}

    def page(self, field: str, query: Mapping[str, str]) -> Json:
        """Return one page of what there is."""
        return page_of(field, [thing.describe() for thing in self._things.values()], query)


def marks_in(display_name: str) -> dict[str, str]:
    """Return the marks that steer a thing's processing, each with its number if it has one.

    Example:
        >>> marks_in("clip [[processing:3]][[fail]]")
        {'processing': '3', 'fail': ''}
    """
    return dict(_MARK.findall(display_name))


def page_of(field: str, things: Sequence[Json], query: Mapping[str, str]) -> Json:
    """Return the page that ``pageSize`` and ``pageToken`` ask for.

    Raises:
        GeminiRefusedError: 400, the size is no number or nobody gave this token out.
    """
    start = _read_token(query.get("pageToken", ""), len(things))
    end = start + _read_size(query.get("pageSize", ""))
    page: Json = {field: list(things[start:end])}
    return page | ({"nextPageToken": _write_token(end)} if end < len(things) else {})


def _read_size(text: str) -> int:
    if not text.isdecimal():
        if text:
            raise invalid_argument("pageSize", "expected a whole number")
        return _PAGE
    return min(int(text) or _PAGE, _LARGEST_PAGE)


def _write_token(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def _read_token(token: str, count: int) -> int:
    if not token:
        return 0
    starts = {_write_token(start): start for start in range(count + 1)}
    if token not in starts:
        raise invalid_argument("pageToken", "this token was not given out")
    return starts[token]
