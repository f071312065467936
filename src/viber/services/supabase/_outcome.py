"""What a write answers: nothing, the rows it touched, or one of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, cast

from viber.http import Response
from viber.services.supabase._selection import selection
from viber.services.supabase._rows import Row
from viber.services.supabase._source import Source

Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Out]):
    """What is asked of the server, and what is made of its answer."""

    prefer: Literal["return=minimal", "return=representation"]
    read: Callable[[Response], Awaitable[Out]]
    untouched: Callable[[], Out]
    """The answer where nothing had to be sent."""
    columns: tuple[str, ...] = ()

    def pairs(self) -> list[str]:
        """The part of the query string that names the columns to answer with."""
        return [f"select={selection(self.columns)}"] if self.columns else []


async def _nothing(response: Response) -> None:
    if response.body.strip():
        raise ValueError("a body where none was asked for")


NOTHING: Outcome[None] = Outcome("return=minimal", _nothing, lambda: None)


def rows_of(source: Source[Row], columns: tuple[str, ...] = ()) -> Outcome[list[Row]]:
    """The rows as they are after the write."""
    return Outcome("return=representation", source.read, list, columns)


def row_of(source: Source[Row]) -> Outcome[Row]:
    """The one row that was written."""

    async def read(response: Response) -> Row:
        rows = await source.read(response)
        if len(rows) != 1:
            raise ValueError("one row was written, and another number came back")
        return rows[0]

    return Outcome("return=representation", read, lambda: cast("Row", None))
