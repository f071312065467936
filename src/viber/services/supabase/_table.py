"""A table, and what can be done with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from viber.services.supabase._bodies import RowInput, body_of, values_of
from viber.services.supabase._clauses import Clauses
from viber.services.supabase._outcome import NOTHING
from viber.services.supabase._query import Duty
from viber.services.supabase._quoting import name
from viber.services.supabase._rows import DictRow, Row
from viber.services.supabase._select import Select
from viber.services.supabase._selection import Selectable
from viber.services.supabase._source import Source
from viber.services.supabase._writes import Change, Insert, OnDuplicate, Upsert

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

    def insert(self, rows: RowInput | Iterable[RowInput]) -> Insert[Row, None]:
        """Insert one row, or a list of rows in one transaction.

        A row is a dict, a TypedDict, a dataclass or a pydantic model. Rows of a list may have different
        columns: what a row leaves out gets the database's default.

        Raises:
            InvalidRequestError: a row holds what cannot be sent.
        """
        return Insert(self.source, body_of(rows), NOTHING, duty=Duty(f"insert into {self.name}"))

    def upsert(
        self,
        rows: RowInput | Iterable[RowInput],
        *,
        on_conflict: str | tuple[str, ...] = (),
        on_duplicate: OnDuplicate = "merge",
    ) -> Insert[Row, None]:
        """Insert rows, and merge into those that are there already, or ignore them.

        `on_conflict` names the columns of the unique constraint that tells; the primary key by default.
        """
        columns = (on_conflict,) if isinstance(on_conflict, str) else tuple(on_conflict)
        for column in columns:
            name(column)
        plan = Upsert(columns, on_duplicate)
        return Insert(self.source, body_of(rows), NOTHING, plan, Duty(f"upsert into {self.name}"))

    def update(self, values: RowInput, *, all_rows: bool = False) -> Change[Row, None]:
        """Give the rows that the filters find new values; without a filter only with `all_rows=True`.

        Raises:
            InvalidRequestError: there are no values, or one that cannot be sent.
        """
        body = values_of(values)
        duty = Duty(f"update of {self.name}")
        return Change(self.source, "PATCH", NOTHING, body, all_rows=all_rows, duty=duty)

    def delete(self, *, all_rows: bool = False) -> Change[Row, None]:
        """Delete the rows that the filters find; without a filter only with `all_rows=True`."""
        return Change(self.source, "DELETE", NOTHING, all_rows=all_rows, duty=Duty(f"delete on {self.name}"))
