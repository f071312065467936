r"""Large answers, decoded in slices: between two of them the event loop has its turn.

A thread would not help: a JSON decoder holds the interpreter's lock for the whole call, and the loop would
stand as still. Nor need the ends of the rows be searched for: a cut may be guessed. PostgreSQL puts ", \n "
between rows and ", " between other values, and the rows of an answer begin alike, with the name of the first
column; a separator in front of such a beginning is most likely the end of a row.

No guess can give a wrong answer. A JSON list is `[ elements ]`, where elements are one element, or elements,
a comma and an element. So where every slice in brackets is a list, and none is empty, the slices with the
commas between them are the elements of one list; JSON can be read in one way only, so its rows are theirs, in
order. A cut inside a row, a list or a string leaves a slice that is no list, and then the whole is decoded at
once, as an answer without separators is. A row that does not fit is told as if all were decoded at once.
"""

from asyncio import sleep
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic

from viber.services.supabase._errors import RowMismatchError
from viber.services.supabase.wire._rows import Row, RowReader, exactly

_BETWEEN_ROWS, _BETWEEN_VALUES = b", \n ", b", "


async def read_rows(
    reader: RowReader[Row], body: bytes, *, table: str, at_once: int | None, first: int = 0
) -> list[Row]:
    """The rows; those of more than `at_once` bytes in slices of about so many.

    `first` is the number of the first one, for errors.

    Raises:
        RowMismatchError: a row does not fit the type.
        ValueError: the body is not a JSON list.
    """
    if at_once is None or len(body) <= at_once:
        return reader.read(body, table=table, first=first)
    reading = _Reading(reader, table, first)
    for part in slices(body, at_once):
        if not reading.take(part):
            return reader.read(body, table=table, first=first)
        await sleep(0)
    return reading.finish()


def slices(body: bytes, size: int) -> Iterator[bytes]:
    """Lists of about `size` bytes, which together hold the rows of the body if no cut is inside a row."""
    separator = _separator(body)
    opening, start = b"", 0
    while separator and (cut := body.find(separator, start + size)) >= 0:
        yield b"%b%b]" % (opening, body[start:cut])
        opening, start = b"[", cut + 1
    yield opening + body[start:]


def last_row(body: bytes) -> Any:
    """The last of the rows with its exact digits; read from the end of the list alone where that can be.

    A line break stands in no JSON string, and what begins inside a row closes more than it opens: so an end
    of a list that can be read begins with a row.
    """
    cut = body.rfind(_BETWEEN_ROWS)
    with suppress(ValueError):
        if cut > 0:
            return exactly(b"[%b" % body[cut + 1 :])[-1]
    return exactly(body)[-1]


def _separator(body: bytes) -> bytes:
    """What most likely stands between two rows, and begins the second; empty if nothing does."""
    beginning = body[1 : body.find(b":") + 1]
    for between in (_BETWEEN_ROWS, _BETWEEN_VALUES):
        if (separator := between + beginning) in body:
            return separator
    return b""


@dataclass(slots=True)
class _Reading(Generic[Row]):
    """What was read so far."""

    reader: RowReader[Row]
    table: str
    first: int
    rows: list[Row] = field(default_factory=list[Row])
    refusal: RowMismatchError | None = None
    """The first row that does not fit; those behind it are only counted."""
    errors: int = 0

    def take(self, part: bytes) -> bool:
        """Read the next slice; False if it is no list of rows."""
        try:
            rows = self.reader.read(part, table=self.table, first=self.first + len(self.rows))
        except RowMismatchError as error:
            return self._note(error)
        except ValueError:
            return False
        self.rows += rows
        return bool(rows)

    def finish(self) -> list[Row]:
        """All rows, or the first one's complaint, with the number of them all."""
        if self.refusal is not None:
            self.refusal.details = {**(self.refusal.details or {}), "errors": self.errors}
            raise self.refusal
        return self.rows

    def _note(self, error: RowMismatchError) -> bool:
        """False where the model broke: what it says then is said of the whole."""
        details = error.details or {}
        self.errors += details.get("errors", 0)
        self.refusal = self.refusal or error
        return "row" in details
