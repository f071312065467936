"""What a scripted transport may be told to answer."""

import json as jsonlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from viber.http import Request


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hang:
    """Nothing, ever."""


@dataclass(frozen=True, slots=True)
class Fail:
    """An error: raised as it stands, or made anew each time by what is called without arguments."""

    error: BaseException | Callable[[], BaseException]
    delay: float = 0.0

    def make(self) -> BaseException:
        """The error to raise."""
        return self.error if isinstance(self.error, BaseException) else self.error()


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; `json` is encoded, and stands instead of `body`.

    Example:
        >>> Reply(404, json={"code": "PGRST116"}).pieces
        (b'{"code": "PGRST116"}',)
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    json: Any = None
    delay: float = 0.0
    """Seconds until the answer."""

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """The body as a stream would hand it out."""
        body = self.body if self.json is None else jsonlib.dumps(self.json).encode()
        return (body,) if body else ()

    @property
    def fields(self) -> dict[str, str]:
        """The header fields, names in lower case."""
        kind = {} if self.json is None else {"content-type": "application/json"}
        return kind | lowered(self.headers)


@dataclass(frozen=True, slots=True)
class Chunks:
    """An answer in pieces: bytes, and between them a `Pause`, a `Fail` or a `Hang`.

    Example:
        >>> Chunks([b"data: 1", Pause(2.0), b"data: 2", Hang()]).status
        200
    """

    pieces: Sequence[bytes | Pause | Fail | Hang]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    """Seconds until the header fields."""

    @property
    def fields(self) -> dict[str, str]:
        """The header fields, names in lower case."""
        return lowered(self.headers)


Answer = Reply | Chunks | Fail | Hang
Cue = Answer | Callable[[Request], Answer]
"""An answer, or a function that finds one for the request."""


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """The same fields, names in lower case."""
    return {name.lower(): value for name, value in headers.items()}
