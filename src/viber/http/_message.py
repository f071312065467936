"""What goes out and what comes back, as plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from viber.http._timing import Timing


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, complete: nothing is merged, encoded or parsed after this.

    `url` is absolute and already percent-encoded. `headers` are sent as given, secrets among them, so a repr
    shows neither headers nor body.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    timing: Timing | None = field(default=None, repr=False, compare=False)
    """Where the transport notes how long each part takes, if somebody wants to know."""

    def with_more(self, fields: Iterable[tuple[str, str]]) -> Self:
        """The request with these header fields, except where it has its own of that name."""
        own = {name.lower() for name, _ in self.headers}
        more = tuple(field for field in fields if field[0].lower() not in own)
        return replace(self, headers=(*self.headers, *more)) if more else self


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer, fully read and decompressed; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
