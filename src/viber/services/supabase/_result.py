"""What came with an answer: status, header fields, request id, attempts, and a count that was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from viber.http import Response
from viber.resilience import Call

Out_co = TypeVar("Out_co", covariant=True)
Data = TypeVar("Data")


@dataclass(frozen=True, slots=True)
class Result(Generic[Out_co]):
    """The data of a query, and the answer that brought it; of several answers, the last one."""

    data: Out_co
    status: int | None = None
    """None where nothing had to be sent."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    request_id: str = ""
    attempts: int = 0
    count: int | None = None
    """How many rows there are in all, if `count=` asked for it."""
    replayed: bool = False
    """An earlier attempt had done it already, as a look at the table showed."""


@dataclass(slots=True)
class Receipt:
    """Notes what comes with the answers of one run."""

    response: Response | None = None
    request_id: str = ""
    attempts: int = 0
    replayed: bool = False

    def note(self, response: Response, call: Call) -> None:
        """An answer came."""
        self.response, self.request_id = response, call.request_id
        self.attempts += call.number

    def result(self, data: Data) -> Result[Data]:
        """The data with what was noted."""
        response = self.response
        if response is None:
            return Result(data)
        return Result(
            data,
            response.status,
            response.headers,
            self.request_id,
            self.attempts,
            total_of(response.headers),
            self.replayed,
        )


def total_of(headers: Mapping[str, str]) -> int | None:
    """The number behind the slash of a Content-Range; None if nobody counted.

    Example:
        >>> total_of({"content-range": "0-24/3573"}), total_of({"content-range": "*/*"})
        (3573, None)
    """
    total = headers.get("content-range", "").rpartition("/")[2]
    return int(total) if total.isascii() and total.isdecimal() else None
