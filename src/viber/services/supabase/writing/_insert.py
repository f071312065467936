"""Inserting rows, or merging them into those that are there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, Self, TypeVar, overload

from viber.errors import Delivery, SupabaseError
from viber.http import Response
from viber.resilience import Call
from viber.services.supabase._errors import UnsettledWriteError, refusal
from viber.services.supabase.filters._quoting import names, percent
from viber.services.supabase.reading._counts import ContentRange
from viber.services.supabase.reading._selection import Selectable
from viber.services.supabase.wire._query import Duty
from viber.services.supabase.wire._rows import DictRow, Row
from viber.services.supabase.writing._bodies import Body
from viber.services.supabase.writing._lookup import Lookup
from viber.services.supabase.writing._outcome import KEY, Outcome, count_by, row_of, rows_of
from viber.services.supabase.writing._preferences import Missing, OnDuplicate
from viber.services.supabase.writing._repeat import settle
from viber.services.supabase.writing._write import Write

Out = TypeVar("Out")
Model = TypeVar("Model")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Upsert:
    """What happens to a row that is there already, and which columns tell that it is the same."""

    on_conflict: tuple[str, ...] = ()
    on_duplicate: OnDuplicate = "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert(Write[Row, Out], Generic[Row, Out]):
    """Rows to insert, or to upsert; nothing happens until it is awaited.

    Where the table has a key, and every row carries it, an insert of unknown outcome is repeated: a duplicate
    that it then meets is compared with what was sent, by PostgreSQL. So is an upsert that ignores duplicates,
    which may be repeated as it stands. One that merges is not: it could undo what others did meanwhile.
    """

    body: Body
    upsert: Upsert | None = None
    missing: Missing = "default"
    is_again: bool = False

    @overload
    def returning(self) -> "Insert[Row, list[Row]]": ...
    @overload
    def returning(self, column: Selectable, /, *more: Selectable) -> "Insert[Row, list[DictRow]]": ...
    @overload
    def returning(self, *columns: Selectable, model: type[Model]) -> "Insert[Row, list[Model]]": ...
    def returning(self, *columns: Selectable, model: type[Any] | None = None) -> "Insert[Row, Any]":
        """Answer with the rows as they are now: all columns, or these."""
        query: Insert[Row, Any] = self._answering(
            lambda: rows_of(self.source.projected(columns, model), columns)
        )
        return query

    def returning_row(self) -> "Insert[Row, Row]":
        """Answer with the one row as it is now."""
        query: Insert[Row, Row] = self._answering(
            lambda: self._for_one("returning_row()", row_of(self.source))
        )
        return query

    def returning_key(self) -> "Insert[Row, dict[str, str]]":
        """Answer with the primary key of the new row, as text, and send nothing else back."""
        query: Insert[Row, dict[str, str]] = self._answering(lambda: self._for_one("returning_key()", KEY))
        return query

    def count(self, mode: Literal["exact"] = "exact") -> "Insert[Row, int]":
        """Answer with the number of rows that were written."""
        query: Insert[Row, int] = self._answering(lambda: count_by(mode))
        return query

    def again(self) -> Self:
        """Insert what another call may have inserted before: a duplicate with equal values is a success.

        For a call that was interrupted, or a job that starts anew with the rows it had.

        Raises:
            InvalidRequestError: the table has no key, or a row does not carry it; or it is an upsert.

        Example::

            await orders.insert(order).again()      # whoever inserted this order before, it is there once
        """

        def make() -> dict[str, Any]:
            if self.upsert or not self.body.key:
                raise refusal("again() is for an insert whose rows carry the key of the table")
            return {"is_again": True}

        return self._step(make)

    def of(self, body: Body) -> Self:
        """The same insert of other rows; the duty to run it stays here."""
        return replace(self, body=body, duty=Duty(""))

    async def _run(self) -> Out:
        if not self.body.count:
            return self.outcome.untouched()
        source, body, upsert = self.source, self.body, self.upsert
        wishes = self._wishes(
            resolution=upsert and upsert.on_duplicate,
            fills_in=bool(body.columns) and self.missing == "default",
            counted=self._has_to_count(),
        )
        request = source.session.endpoint.write(
            "POST", source.path, "&".join(self._pairs()), prefer=wishes.header(), body=body.json
        )
        is_safe = bool(body.key) and (upsert is None or upsert.on_duplicate == "ignore")
        return await self._send(
            "upsert" if upsert else "insert",
            request,
            wishes,
            idempotent=is_safe,
            recover=self._settle if body.key and not upsert else None,
        )

    def _pairs(self) -> Iterator[str]:
        yield from self.outcome.pairs()
        if self.body.columns:
            yield f"columns={percent(names(self.body.columns))}"
        if self.upsert and self.upsert.on_conflict:
            yield f"on_conflict={percent(names(self.upsert.on_conflict))}"

    async def _settle(self, error: SupabaseError, call: Call, in_doubt: bool) -> Out:  # noqa: FBT001 - a `Recover`
        if not (in_doubt or self.is_again):
            raise error
        lookup = Lookup(self.source, self.body.key, call, self.preferences.time_zone)
        return await settle(lookup, self.outcome, self.body.rows(), error)

    def _for_one(self, step: str, outcome: Outcome[Other]) -> Outcome[Other]:
        if self.body.is_list:
            raise refusal(f"{step} is for one row", suggestion="use returning()")
        return outcome

    def _has_to_count(self) -> bool:
        return self.upsert is not None and self.upsert.on_duplicate == "ignore" and self.outcome.tells_rows

    def _require(self, response: Response, *, in_doubt: bool) -> None:
        """Rows that an earlier attempt inserted are ignored by the next: its answer would lack them."""
        if self._has_to_count() and in_doubt:
            total = ContentRange.of(response.headers).total
            if total is None or total < self.body.count:
                raise UnsettledWriteError(
                    "the rows are there, but an earlier attempt may have inserted those that are not told",
                    delivery=Delivery.UNKNOWN,
                    suggestion="select them",
                )
