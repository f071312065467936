"""Putting one row where its key says, whether it is there or not."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from viber.http import Response
from viber.services.supabase.reading._clauses import Clauses
from viber.services.supabase.reading._selection import Selectable
from viber.services.supabase.wire._rows import DictRow, Row
from viber.services.supabase.writing._outcome import row_of, rows_of
from viber.services.supabase.writing._write import Write

Out = TypeVar("Out")
Model = TypeVar("Model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Put(Write[Row, Out], Generic[Row, Out]):
    """One row to insert or to merge into the one that is there; repeating it gives the same row."""

    where: Clauses
    body: bytes

    @overload
    def returning(self) -> "Put[Row, list[Row]]": ...
    @overload
    def returning(self, column: Selectable, /, *more: Selectable) -> "Put[Row, list[DictRow]]": ...
    @overload
    def returning(self, *columns: Selectable, model: type[Model]) -> "Put[Row, list[Model]]": ...
    def returning(self, *columns: Selectable, model: type[Any] | None = None) -> "Put[Row, Any]":
        """Answer with the row as it is now, in a list: all columns, or these."""
        query: Put[Row, Any] = self._answering(
            lambda: rows_of(self.source.projected(columns, model), columns)
        )
        return query

    def returning_row(self) -> "Put[Row, Row]":
        """Answer with the row as it is now."""
        query: Put[Row, Row] = self._answering(lambda: row_of(self.source))
        return query

    async def _run(self) -> Out:
        source, wishes = self.source, self._wishes()
        request = source.session.endpoint.write(
            "PUT",
            source.path,
            "&".join([*self.outcome.pairs(), self.where.query()]),
            prefer=wishes.header(),
            body=self.body,
        )
        return await self._send("put", request, wishes, idempotent=True)

    def _require(self, response: Response, *, in_doubt: bool) -> None:  # noqa: ARG002 - any answer will do
        self._mark_repeated(in_doubt=in_doubt)
