"""A table, and what can be done with it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._columns import col
from viber.services.supabase.filters._filters import Filter
from viber.services.supabase.filters._operators import Operator, compare, identity
from viber.services.supabase.filters._values import row_json
from viber.services.supabase.reading._clauses import ALL, Clauses
from viber.services.supabase.reading._select import Select
from viber.services.supabase.reading._selection import Selectable
from viber.services.supabase.wire._query import Duty
from viber.services.supabase.wire._rows import DictRow, Row
from viber.services.supabase.wire._source import Source, key_of
from viber.services.supabase.writing._bodies import Body, body_of, values_of
from viber.services.supabase.writing._change import Change, Verb
from viber.services.supabase.writing._chunks import Chunk, InsertMany, OnError, Rows, insert_many
from viber.services.supabase.writing._fields import RowInput, fields_of
from viber.services.supabase.writing._insert import Insert, Upsert
from viber.services.supabase.writing._outcome import NOTHING
from viber.services.supabase.writing._preferences import Missing, OnDuplicate
from viber.services.supabase.writing._put import Put

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """A table whose rows have one type; a value, cheap to make and to share.

    Example::

        orders = db.table("orders", Order, key="id")
        open_orders = await orders.select().eq("status", "open").limit(20)    # list[Order]
        await orders.insert(Order(id=7, total=Decimal("9.90")))
        await orders.update({"status": "paid"}).eq("id", 7)
    """

    source: Source[Row]

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.source.table

    @overload
    def select(self) -> Select[Row]: ...
    @overload
    def select(self, column: Selectable, /, *more: Selectable) -> Select[DictRow]: ...
    @overload
    def select(self, *columns: Selectable, model: type[Model]) -> Select[Model]: ...
    def select(self, *columns: Selectable, model: type[Any] | None = None) -> Select[Any]:
        """Ask for rows: all columns as the table's type, some as dicts, or either as a model of your own.

        A text is the name of one column, whatever characters it has, or a path such as `"profile->>theme"`;
        `"*"` is all columns. `col()`, `count()`, `embed()` and `raw()` make the rest.

        Raises:
            InvalidRequestError: a name cannot be, or two columns would have the same one in the answer.
        """
        return Select(self.source.projected(columns, model), Clauses(columns))

    def insert(
        self,
        rows: RowInput | Iterable[RowInput],
        *,
        columns: Iterable[str] | None = None,
        missing: Missing = "default",
    ) -> Insert[Row, None]:
        """Insert one row, or a list of rows in one transaction.

        A row is a dict, a TypedDict, a dataclass or a pydantic model. `columns` are written, and what else a
        row holds is not; by default the union of what the rows have. What a row leaves out of that gets the
        database's default, or NULL with `missing="null"`.

        Raises:
            InvalidRequestError: a row holds what cannot be sent.
        """
        return self._insert(body_of(rows, key=self.source.key, columns=columns), missing)

    def upsert(
        self,
        rows: RowInput | Iterable[RowInput],
        *,
        on_conflict: str | tuple[str, ...] = (),
        on_duplicate: OnDuplicate = "merge",
        columns: Iterable[str] | None = None,
        missing: Missing = "default",
    ) -> Insert[Row, None]:
        """Insert rows, and merge into those that are there already, or ignore them.

        `on_conflict` names the columns of the unique constraint that tells; the primary key by default. Rows
        that are ignored are not among those that `returning()` gives.
        """
        if on_duplicate not in {"merge", "ignore"}:
            raise refusal(f"a duplicate is merged or ignored, not {on_duplicate!r}")
        conflict = key_of(on_conflict)
        body = body_of(rows, key=conflict or self.source.key, columns=columns)
        return self._insert(body, missing, Upsert(conflict, on_duplicate))

    def insert_many(
        self,
        rows: Rows,
        *,
        chunk_size: int = 500,
        concurrency: int = 4,
        on_error: OnError = "raise",
        on_chunk: Callable[[Chunk[Any]], object] | None = None,
        columns: Iterable[str] | None = None,
        missing: Missing = "default",
    ) -> InsertMany[Row, None]:
        """Insert any number of rows, each chunk in a transaction of its own, some chunks at a time.

        The rows come from an iterable or an async iterable, and are taken as they are needed. After an error
        no further chunk begins, and the first error is raised; with `on_error="stop"` the account of all
        chunks is given instead, and with `"continue"` the other chunks are inserted, too. `on_chunk` is told
        of each chunk that ended. With the table's key in the rows each chunk is repeated safely.

        Raises:
            InvalidRequestError: these are no rows, or a number is below 1.

        Example::

            account = await readings.insert_many(rows, chunk_size=1000, on_error="continue")
            print(account.summary())
        """
        return insert_many(
            self._insert(body_of([]), missing),
            rows,
            columns=columns,
            size=chunk_size,
            concurrency=concurrency,
            on_error=on_error,
            on_chunk=on_chunk,
        )

    def put(self, row: RowInput, *, key: str | tuple[str, ...] = ()) -> Put[Row, None]:
        """Insert one row, or merge it into the row of its key: the primary key; the table's by default.

        It is repeated after an attempt of unknown outcome: what somebody else changed between the two is
        overwritten then.

        Raises:
            InvalidRequestError: the key is not known, or the row does not carry it.
        """
        columns = key_of(key) or self.source.key
        fields = fields_of(row)
        if not columns or any(fields.get(column) is None for column in columns):
            raise refusal(
                "put() has to know the primary key, and the row has to carry it",
                suggestion='declare it: db.table("orders", key="id")',
            )
        where = ALL.where(*(compare(col(column), Operator.EQ, fields[column]) for column in columns))
        return Put(
            source=self.source,
            outcome=NOTHING,
            where=where,
            body=row_json(fields),
            duty=Duty(f"put into {self.name}"),
        )

    def update(self, values: RowInput, *, all_rows: bool = False) -> Change[Row, None]:
        """Give the rows that the filters find new values; without a filter only with `all_rows=True`.

        Raises:
            InvalidRequestError: there are no values, or one that cannot be sent.
        """
        return self._change("update", values_of(values), all_rows=all_rows)

    def delete(self, *, all_rows: bool = False) -> Change[Row, None]:
        """Delete the rows that the filters find; without a filter only with `all_rows=True`."""
        return self._change("delete", None, all_rows=all_rows)

    def soft_delete(self, column: str = "deleted_at", *, all_rows: bool = False) -> Change[Row, None]:
        """Give the rows that the filters find, and that are not deleted yet, the server's time in a column.

        `select().is_null("deleted_at")` finds those that are left.

        Example::

            await users.soft_delete().eq("id", 7)
            await users.restore().eq("id", 7)
        """
        deleted = row_json({column: "now"})  # PostgreSQL's word for the time at which the transaction began
        return self._change("soft delete", deleted, identity(col(column), None), all_rows=all_rows)

    def restore(self, column: str = "deleted_at", *, all_rows: bool = False) -> Change[Row, None]:
        """Take back the soft delete of the rows that the filters find."""
        is_deleted = identity(col(column), None, negated=True)
        return self._change("restore", row_json({column: None}), is_deleted, all_rows=all_rows)

    def _insert(self, body: Body, missing: Missing, upsert: Upsert | None = None) -> Insert[Row, None]:
        if missing not in {"default", "null"}:
            raise refusal(f"what is missing becomes 'default' or 'null', not {missing!r}")
        return Insert(
            source=self.source,
            outcome=NOTHING,
            body=body,
            upsert=upsert,
            missing=missing,
            duty=Duty(f"{'upsert' if upsert else 'insert'} into {self.name}"),
        )

    def _change(self, verb: Verb, body: bytes | None, *own: Filter, all_rows: bool) -> Change[Row, None]:
        return Change(
            source=self.source,
            outcome=NOTHING,
            verb=verb,
            body=body,
            own=own,
            all_rows=all_rows,
            duty=Duty(f"{verb} of {self.name}"),
        )
