"""What goes out and what comes back, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer, fully read and decompressed; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
