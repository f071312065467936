"""Columns as PostgREST names them: by name, by a path into JSON, cast, renamed, or summed up."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._comparable import Comparable
from viber.services.supabase.filters._places import Path, Place, Step, locate, path_of
from viber.services.supabase.filters._quoting import name

Aggregate = Literal["sum", "avg", "min", "max", "count"]


@dataclass(frozen=True, slots=True)
class Column(Comparable):
    """One column, or what is made of it; a value, made by `col()`.

    Example:
        >>> col("profile").text("theme").as_("theme").selected()
        'theme:profile->>theme'
        >>> col("profile").text("age").cast("int").sum().cast("text").selected()
        'profile->>age::int.sum()::text'
    """

    name: str
    path: tuple[Step, ...] = ()
    ends_as_text: bool = False
    alias: str = ""
    type: str = ""
    aggregate: Aggregate | None = None
    result: str = ""
    """The type that an aggregate is cast to, as `type` is that of what it is made of."""

    def json(self, *steps: Step) -> Self:
        """What stands at these keys or indices of a JSON column, as JSON."""
        return replace(self, path=(*self.path, *steps), ends_as_text=False)

    def text(self, *steps: Step) -> Self:
        """What stands at these keys or indices of a JSON column, as text."""
        return replace(self, path=(*self.path, *steps), ends_as_text=True)

    def cast(self, type: str) -> Self:  # noqa: A002 - PostgreSQL's word
        """The column as another type of PostgreSQL, for example `"text"`; behind an aggregate, its result."""
        return replace(self, result=type) if self.aggregate else replace(self, type=type)

    def as_(self, alias: str) -> Self:
        """The column under another name in the answer."""
        return replace(self, alias=alias)

    def sum(self) -> Self:
        """The sum over the group that the other selected columns make."""
        return replace(self, aggregate="sum")

    def avg(self) -> Self:
        """The mean over the group."""
        return replace(self, aggregate="avg")

    def min(self) -> Self:
        """The smallest of the group."""
        return replace(self, aggregate="min")

    def max(self) -> Self:
        """The largest of the group."""
        return replace(self, aggregate="max")

    def count(self) -> Self:
        """How many of the group are not null."""
        return replace(self, aggregate="count")

    def located(self) -> Place:
        """Where the column is, for filters and orders.

        Raises:
            InvalidRequestError: it is more than a column: cast, renamed or summed up.
        """
        if self.aggregate or self.type or self.alias:
            raise refusal(
                "a column that is cast, renamed or summed up can only be selected",
                suggestion="name the column itself; PostgREST would ignore a cast here without a word",
            )
        return self._path().place()

    def selected(self) -> str:
        """The column as `select` names it: `theme:profile->>theme::text`."""
        alias = f"{name(self.alias)}:" if self.alias else ""
        aggregate = f".{self.aggregate}(){_cast(self.result)}" if self.aggregate else ""
        return f"{alias}{self._path().place().text}{_cast(self.type)}{aggregate}"

    def _path(self) -> Path:
        return Path(self.name, self.path, self.ends_as_text)


ColumnLike = str | Column
"""A column by its name, by a path with arrows such as `"profile->>theme"`, or by `col()`."""


def col(column: str) -> Column:
    """The column of exactly this name, whatever characters it has.

    Raises:
        InvalidRequestError: no column can have it.
    """
    name(column)
    return Column(column)


def place(column: ColumnLike) -> str:
    """A column as filters and orders name it.

    Example:
        >>> place("total"), place("a.b"), place("profile->>theme"), place(col("a->b"))
        ('total', '"a.b"', 'profile->>theme', '"a->b"')
    """
    return locate(column).text


def selected(column: ColumnLike) -> str:
    """A column as `select` names it; a lone star is all columns."""
    if isinstance(column, Column):
        return column.selected()
    return "*" if column == "*" else locate(column).text


def column_of(column: ColumnLike) -> Column:
    """The column that a text means; arrows are steps into JSON.

    Raises:
        InvalidRequestError: a name or a step is empty.
    """
    if isinstance(column, Column):
        return column
    path = path_of(column)
    return Column(path.column, path.steps, path.ends_as_text)


def _cast(type: str) -> str:  # noqa: A002 - PostgreSQL's word
    return f"::{type_name(type)}" if type else ""


def type_name(text: str) -> str:
    """A type of PostgreSQL, as a cast names it."""
    if not all(char.isalnum() or char in "_ []" for char in text) or not text.isascii():
        raise refusal(f"{text!r} is not a type of PostgreSQL")
    return text
