"""What came with an answer: status, header fields, request id, attempts, and a count that was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from viber.http import Response
from viber.resilience import Call
from viber.services.supabase.reading._counts import ContentRange

Out_co = TypeVar("Out_co", covariant=True)
Data = TypeVar("Data")


@dataclass(frozen=True, slots=True)
class Result(Generic[Out_co]):
    """The data of a query, and the answer that brought it; of several answers, the last one."""

    data: Out_co
    status: int | None = None
    """None where nothing had to be sent."""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """By their names in lower case; they can be read only."""
    request_id: str = ""
    attempts: int = 0
    """How often the query was sent, those attempts included that failed."""
    count: int | None = None
    """How many rows there are in all, if that was asked for."""
    replayed: bool = False
    """An earlier attempt had done it already, as a look at the table showed."""

    def __reduce__(self) -> tuple[Any, ...]:
        """To a cache, to another process: what can be read only cannot be pickled."""
        values = [getattr(self, each.name) for each in fields(self)]
        return _restored, (type(self), [dict(each) if each is self.headers else each for each in values])


def _restored(kind: type[Result[Any]], values: list[Any]) -> Result[Any]:
    data, status, headers, *others = values
    return kind(data, status, MappingProxyType(headers), *others)


@dataclass(frozen=True, slots=True)
class Counted(Result[Out_co]):
    """A result whose `count` was asked for, and is there."""

    count: int = 0


@dataclass(slots=True)
class Receipt:
    """Notes what comes with the answers of one run."""

    response: Response | None = None
    request_id: str = ""
    replayed: bool = False
    calls: set[Call] = field(default_factory=set[Call], repr=False)
    """One for each request; it knows how often it was tried."""

    def note(self, response: Response, call: Call) -> None:
        """An answer came."""
        self.response, self.request_id = response, call.request_id
        self.calls.add(call)

    @property
    def attempts(self) -> int:
        """How often something was sent."""
        return sum(call.number for call in self.calls)

    def result(self, data: Data) -> Result[Data]:
        """The data with what was noted."""
        response = self.response
        if response is None:
            return Result(data)
        return Result(
            data,
            response.status,
            MappingProxyType(response.headers),
            self.request_id,
            self.attempts,
            ContentRange.of(response.headers).total,
            self.replayed,
        )

    def counted(self, data: Data) -> Counted[Data]:
        """The data with what was noted, a count among it."""
        found = self.result(data)
        return Counted(data, found.status, found.headers, found.request_id, found.attempts, found.count or 0)
