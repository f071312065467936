"""Inserting more rows than one request can carry: in chunks, several at a time, each with its own result."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Generic, Literal, Self, TypeVar, cast, overload

from viber.errors import BaseError, Delivery, SupabaseError
from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._values import is_listing
from viber.services.supabase.reading._clauses import count_of
from viber.services.supabase.reading._selection import Selectable
from viber.services.supabase.wire._query import Duty, Query
from viber.services.supabase.wire._result import Receipt
from viber.services.supabase.wire._rows import DictRow, Row
from viber.services.supabase.writing._bodies import body_of
from viber.services.supabase.writing._fields import RowInput, is_row
from viber.services.supabase.writing._insert import Insert
from viber.services.supabase.writing._outcome import rows_of

Out = TypeVar("Out")
Model = TypeVar("Model")
OnError = Literal["raise", "stop", "continue"]
Rows = Iterable[RowInput] | AsyncIterable[RowInput]


@dataclass(frozen=True, slots=True)
class Chunk(Generic[Out]):
    """What became of some rows, which were sent in one transaction: all were written, or none."""

    first: int
    """The number of its first row, from 0."""
    rows: int
    """How many rows it has."""
    data: Out | None = None
    """What the insert answered, if it was one that answers."""
    error: BaseError | None = None
    """Why they were not written, or why it is not known whether they were: see its `delivery`."""
    replayed: bool = False
    """An earlier attempt had written them already."""

    @property
    def is_written(self) -> bool:
        """The rows are there."""
        return self.error is None


@dataclass(frozen=True, slots=True)
class Account(Generic[Out]):
    """What became of all rows, chunk by chunk, in their order."""

    chunks: tuple[Chunk[Out], ...] = ()
    is_complete: bool = True
    """Every row was taken; False where it was stopped before."""

    @property
    def written(self) -> int:
        """How many rows are there."""
        return sum(chunk.rows for chunk in self.chunks if chunk.is_written)

    @property
    def failed(self) -> tuple[Chunk[Out], ...]:
        """The chunks with an error."""
        return tuple(chunk for chunk in self.chunks if not chunk.is_written)

    @property
    def unknown(self) -> tuple[Chunk[Out], ...]:
        """The chunks that may be there, and may not."""
        return tuple(
            chunk for chunk in self.failed if chunk.error and chunk.error.delivery is Delivery.UNKNOWN
        )

    def summary(self) -> str:
        """For example `1000 rows written; 500 from row 1000 not written; 500 from row 1500 unknown`."""
        parts = [f"{self.written} rows written"]
        for chunk in self.failed:
            fate = "unknown" if chunk in self.unknown else "not written"
            parts.append(f"{chunk.rows} from row {chunk.first} {fate}")
        return "; ".join([*parts, *([] if self.is_complete else ["the rest was not sent"])])


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertMany(Query[Account[Out]], Generic[Row, Out]):
    """Rows to insert in chunks; they are taken as they are needed, so that there may be any number."""

    rows: Rows = field(repr=False)
    insert: Insert[Row, Out]
    """How each chunk is inserted."""
    columns: tuple[str, ...] | None = None
    size: int
    concurrency: int
    on_error: OnError
    on_chunk: Callable[[Chunk[Any]], object] | None = field(default=None, repr=False)
    duty: Duty = field(repr=False, compare=False)

    @overload
    def returning(self) -> "InsertMany[Row, list[Row]]": ...
    @overload
    def returning(self, column: Selectable, /, *more: Selectable) -> "InsertMany[Row, list[DictRow]]": ...
    @overload
    def returning(self, *columns: Selectable, model: type[Model]) -> "InsertMany[Row, list[Model]]": ...
    def returning(self, *columns: Selectable, model: type[Any] | None = None) -> "InsertMany[Row, Any]":
        """Keep the rows as they are now in `data` of their chunk: all columns, or these."""
        with self.duty.handed_over() as duty:
            outcome = rows_of(self.insert.source.projected(columns, model), columns)
            insert = replace(cast("Insert[Row, Any]", self.insert), outcome=outcome)
            query: InsertMany[Row, Any] = replace(cast("Any", self), insert=insert, duty=duty)
            return query

    def again(self) -> Self:
        """Insert what an earlier run may have inserted: a chunk that is there with equal values is done.

        Take the same `chunk_size`: a chunk of which only a part is there cannot be settled.

        Raises:
            InvalidRequestError: the table has no key.
        """
        with self.duty.handed_over() as duty:
            if not self.insert.source.key:
                raise refusal("again() is for a table with a key")
            return replace(self, insert=replace(self.insert, is_again=True), duty=duty)

    def run(self) -> Coroutine[object, None, Account[Out]]:
        """A coroutine that inserts all rows, and tells what became of them.

        A cancellation ends the chunks that are under way, tells `on_chunk` that their outcome is unknown, and
        says in a note what was written.

        Raises:
            BaseError: what the first chunk that failed met, unless `on_error` says otherwise; a note tells
                what became of the others.
        """
        self.duty.discharge()
        return _Run(self).run()

    def recorded_by(self, _: Receipt, /) -> Self:
        """Each chunk has an answer of its own, and notes it there."""
        self.duty.discharge()
        return self


def insert_many(
    insert: Insert[Row, Out],
    rows: Rows,
    *,
    columns: Iterable[str] | None,
    size: int,
    concurrency: int,
    on_error: OnError,
    on_chunk: Callable[[Chunk[Any]], object] | None,
) -> InsertMany[Row, Out]:
    """The insert of each chunk, repeated for all rows.

    Raises:
        InvalidRequestError: a number is below 1, or these are no rows.
    """
    insert.duty.discharge()
    if is_row(rows) or not (isinstance(rows, AsyncIterable) or is_listing(rows)):
        raise refusal(f"a {type(rows).__name__} is not a list of rows, nor does it give rows")
    if not (count_of("chunk_size", size) and count_of("concurrency", concurrency)):
        raise refusal("chunk_size and concurrency are numbers above 0")
    if on_error not in {"raise", "stop", "continue"}:
        raise refusal(f"on an error it can raise, stop or continue, not {on_error!r}")
    return InsertMany(
        rows=rows,
        insert=insert,
        columns=None if columns is None else tuple(columns),
        size=size,
        concurrency=concurrency,
        on_error=on_error,
        on_chunk=on_chunk,
        duty=Duty(f"insert into {insert.source.table}"),
    )


class _Run(Generic[Out]):
    """One run: workers take chunks from one source, until it or the run ends."""

    def __init__(self, query: InsertMany[Any, Out]) -> None:
        self._query = query
        rows = query.rows
        self._source = aiter(rows) if isinstance(rows, AsyncIterable) else iter(rows)
        self._turn = asyncio.Lock()
        self._taken = 0
        self._chunks: list[Chunk[Out]] = []
        self._is_stopped = self._is_exhausted = False
        self._broken: Exception | None = None

    async def run(self) -> Account[Out]:
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(self._query.concurrency):
                    workers.create_task(self._work())
            return self._conclude()
        except BaseException as error:
            error.add_note(f"insert_many: {self._account().summary()}")
            raise

    async def _work(self) -> None:
        try:
            while (taken := await self._take()) is not None:
                self._note(await self._write(*taken))
        except Exception as error:  # noqa: BLE001 - of the source or the hook: the others finish what they began
            self._broken = self._broken or error
            self._is_stopped = True

    async def _take(self) -> tuple[int, list[RowInput]] | None:
        async with self._turn:
            if self._is_stopped or self._is_exhausted:
                return None
            rows = await self._next_rows()
            first, self._taken = self._taken, self._taken + len(rows)
            self._is_exhausted = len(rows) < self._query.size
            return (first, rows) if rows else None

    async def _next_rows(self) -> list[RowInput]:
        size, source = self._query.size, self._source
        if not isinstance(source, AsyncIterator):
            return list(islice(source, size))
        rows: list[RowInput] = []
        with suppress(StopAsyncIteration):
            while len(rows) < size:
                rows.append(await anext(source))
        return rows

    async def _write(self, first: int, rows: list[RowInput]) -> Chunk[Out]:
        insert, receipt = self._query.insert, Receipt()
        try:
            body = body_of(rows, key=insert.source.key, columns=self._query.columns)
            data = await insert.of(body).recorded_by(receipt).run()
        except BaseError as error:
            return Chunk(first, len(rows), error=error)
        except asyncio.CancelledError:
            with suppress(Exception):
                self._note(Chunk(first, len(rows), error=_interrupted()))
            raise
        return Chunk(first, len(rows), data, replayed=receipt.replayed)

    def _note(self, chunk: Chunk[Out]) -> None:
        self._chunks.append(chunk)
        if chunk.error is not None and self._query.on_error != "continue":
            self._is_stopped = True
        if self._query.on_chunk is not None:
            self._query.on_chunk(chunk)

    def _account(self) -> Account[Out]:
        chunks = sorted(self._chunks, key=lambda chunk: chunk.first)
        return Account(tuple(chunks), self._is_exhausted)

    def _conclude(self) -> Account[Out]:
        account = self._account()
        if self._broken is not None:
            raise self._broken
        if account.failed and account.failed[0].error and self._query.on_error == "raise":
            raise account.failed[0].error
        return account


def _interrupted() -> SupabaseError:
    return SupabaseError(
        "cancelled while it was under way", code="supabase.cancelled", delivery=Delivery.UNKNOWN
    )
