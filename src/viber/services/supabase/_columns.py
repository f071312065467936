"""Columns as PostgREST names them: by name, by a path into JSON, cast, renamed, or summed up."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, Self

from viber.services.supabase._errors import refusal
from viber.services.supabase._quoting import name

Step = str | int
"""A key of a JSON object, or the index of a JSON list."""
Aggregate = Literal["sum", "avg", "min", "max", "count"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or what is made of it; a value, made by `col()`.

    Example:
        >>> col("profile").text("theme").as_("theme").selected()
        'theme:profile->>theme'
        >>> col("total").sum().selected()
        'total.sum()'
    """

    name: str
    path: tuple[Step, ...] = ()
    ends_as_text: bool = False
    alias: str = ""
    type: str = ""
    aggregate: Aggregate | None = None

    def json(self, *steps: Step) -> Self:
        """What stands at these keys or indices of a JSON column, as JSON."""
        return replace(self, path=(*self.path, *steps), ends_as_text=False)

    def text(self, *steps: Step) -> Self:
        """What stands at these keys or indices of a JSON column, as text."""
        return replace(self, path=(*self.path, *steps), ends_as_text=True)

    def cast(self, type: str) -> Self:  # noqa: A002 - PostgreSQL's word
        """The column as another type of PostgreSQL, for example `"text"`; of an aggregate, its result."""
        return replace(self, type=type)

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

    def place(self) -> str:
        """Where the column is, as filters and orders name it: `profile->>theme`."""
        arrows = ["->"] * len(self.path)
        if arrows and self.ends_as_text:
            arrows[-1] = "->>"
        steps = (f"{arrow}{_step(step)}" for arrow, step in zip(arrows, self.path, strict=True))
        return "".join([name(self.name), *steps])

    def selected(self) -> str:
        """The column as `select` names it: `theme:profile->>theme::text`."""
        alias = f"{name(self.alias)}:" if self.alias else ""
        aggregate = f".{self.aggregate}()" if self.aggregate else ""
        cast = f"::{type_name(self.type)}" if self.type else ""
        return f"{alias}{self.place()}{aggregate}{cast}"


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
    if isinstance(column, Column):
        if column.aggregate or column.type or column.alias:
            raise refusal("a column that is cast, renamed or summed up can only be selected")
        return column.place()
    return _placed(column)


def selected(column: ColumnLike) -> str:
    """A column as `select` names it; a lone star is all columns."""
    if isinstance(column, Column):
        return column.selected()
    return "*" if column == "*" else _placed(column)


@lru_cache(maxsize=1024)
def _placed(column: str) -> str:
    return column_of(column).place() if "->" in column else name(column)


def column_of(column: ColumnLike) -> Column:
    """The column that a text means; arrows are steps into JSON.

    Raises:
        InvalidRequestError: a name or a step is empty.
    """
    if isinstance(column, Column):
        return column
    first, arrow, rest = column.partition("->")
    if not arrow:
        return col(column)
    steps = rest.split("->")
    ends_as_text = steps[-1].startswith(">")
    if any(step.startswith(">") for step in steps[:-1]):
        raise refusal(f"in {column!r} only the last arrow can be ->>")
    path = tuple(_step_of(step.removeprefix(">")) for step in steps)
    return Column(col(first).name, path, ends_as_text)


def _step_of(text: str) -> Step:
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() else text


def _step(step: Step) -> str:
    return str(step) if isinstance(step, int) else name(step)


def type_name(text: str) -> str:
    """A type of PostgreSQL, as a cast names it."""
    if not all(char.isalnum() or char in "_ []" for char in text) or not text.isascii():
        raise refusal(f"{text!r} is not a type of PostgreSQL")
    return text
