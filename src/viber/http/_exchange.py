"""What the pool asks of HTTP/1.1 on one connection, whoever speaks it."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class Outgoing:
    """A request as it is written."""

    method: bytes
    target: bytes
    fields: list[tuple[bytes, bytes]] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


class Exchange(Protocol):
    """One request after the other over one line; connects with the first."""

    async def send(self, outgoing: Outgoing) -> tuple[int, dict[str, str]]:
        """Write, and return status and fields of the answer; interim answers are skipped.

        Raises:
            Exception: of the network or of the HTTP library, for `explain` to translate.
        """
        ...

    async def read(self) -> bytes:
        """The next piece of the body as it was sent, still compressed; empty at its end."""
        ...

    def is_idle(self) -> bool:
        """The last answer was read to its end, and another request may follow."""
        ...

    def is_reusable(self) -> bool:
        """It is idle, and nothing happened since: neither bytes nor an end have come."""
        ...

    def ending(self) -> Coroutine[Any, Any, None] | None:
        """What remains to be run after an answer that was left in the middle."""
        ...
