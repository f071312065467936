"""What is selected: columns, counts, related tables and raw text, as `select` names them."""

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._columns import Column, ColumnLike, column_of, selected, type_name
from viber.services.supabase.filters._quoting import name, percent
from viber.services.supabase.filters._raw import Raw

_aggregate = re.compile(r"(?:^|[.,:(])(?:sum|avg|min|max|count)\(\)").search
_LONGEST_NAME = 63
"""Bytes that PostgreSQL keeps of a name."""
_RENAME = "rename it with as_"


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows a group has; a value, made by `count()`."""

    alias: str = ""
    type: str = ""

    def as_(self, alias: str) -> Self:
        """The number under another name in the answer, which is `count` by itself."""
        return replace(self, alias=alias)

    def cast(self, type: str) -> Self:  # noqa: A002 - PostgreSQL's word
        """The number as another type of PostgreSQL, for example `"text"`."""
        return replace(self, type=type)

    def selected(self) -> str:
        """The number as `select` names it."""
        alias = f"{name(self.alias)}:" if self.alias else ""
        cast = f"::{type_name(self.type)}" if self.type else ""
        return f"{alias}count(){cast}"


def count() -> RowCount:
    """How many rows each group has that the other selected columns make; alone, how many there are.

    Example:
        >>> count().as_("orders").selected()
        'orders:count()'
    """
    return RowCount()


class Related:
    """Rows of another table in the answer: selected like a column, with clauses of their own."""

    __slots__ = ()

    @property
    @abstractmethod
    def key(self) -> str:
        """What filters, orders and bounds of its rows name it by."""

    @property
    @abstractmethod
    def groups(self) -> bool:
        """Whether it makes groups of the rows that it stands in."""

    @abstractmethod
    def selected(self) -> str:
        """The related rows as `select` names them."""

    @abstractmethod
    def given(self) -> Iterator[tuple[str, "Selectable"]]:
        """The names that it has in the answer, each with what stands there."""

    @abstractmethod
    def pairs(self, of: str = "") -> list[str]:
        """Its filters, order and bounds as parts of a query string, `of` in front of every key."""


Selectable = ColumnLike | RowCount | Related | Raw
"""What can be selected."""


def selection(columns: tuple[Selectable, ...]) -> str:
    """The value of `select=`, percent-encoded; a lone star is all columns.

    Raises:
        InvalidRequestError: two of them would have one name in the answer, where the first would be lost.

    Example:
        >>> selection(("id", "a.b", count()))
        'id,%22a.b%22,count()'
    """
    for column in columns:
        if type(column) is not str:
            return percent(selection_text(columns))
    return _of_texts(columns)


def selection_text(columns: tuple[Selectable, ...]) -> str:
    """The value of `select=`, not yet percent-encoded."""
    _require_names(given(columns), "columns of the answer")
    keys = (each.key for each in columns if isinstance(each, Related))
    _require_names(((key, number) for number, key in enumerate(keys)), "embeds")
    return ",".join(map(_selected, columns))


def is_grouped(columns: Iterable[Selectable]) -> bool:
    """Whether rows are made of several, by an aggregate; raw text with one is taken to do so."""
    return any(map(_groups, columns))


def given(columns: Iterable[Selectable]) -> Iterator[tuple[str, Selectable]]:
    """The names that the columns have in the answer, as far as they are known."""
    for column in columns:
        if isinstance(column, Related):
            yield from column.given()
        elif isinstance(column, RowCount):
            yield column.alias or "count", column
        elif not isinstance(column, Raw) and column != "*":
            yield _name_of(column), column


@lru_cache(maxsize=512)
def _of_texts(columns: tuple[Selectable, ...]) -> str:
    return percent(selection_text(columns))


def _selected(column: Selectable) -> str:
    return selected(column) if isinstance(column, (str, Column)) else column.selected()


def _groups(column: Selectable) -> bool:
    if isinstance(column, Related):
        return column.groups
    if isinstance(column, Raw):
        return _aggregate(column.text) is not None
    return isinstance(column, RowCount) or (isinstance(column, Column) and column.aggregate is not None)


def _name_of(column: object) -> str:
    """The name PostgREST gives it: of a path, the last key that is no index."""
    if not isinstance(column, (str, Column)):
        what = type(column).__name__
        raise refusal(f"a {what} cannot be selected", suggestion="name the columns one by one")
    found = column_of(column)
    keys = (step for step in reversed(found.path) if isinstance(step, str))
    return found.alias or found.aggregate or next(keys, found.name)


def _require_names(named: Iterable[tuple[str, object]], where: str) -> None:
    seen: dict[str, object] = {}
    for each, what in named:
        if len(each.encode(errors="replace")) > _LONGEST_NAME:
            raise refusal(
                f"{each!r} is longer than a name can be: the server would cut it", suggestion=_RENAME
            )
        if seen.setdefault(each, what) != what:
            raise refusal(f"two {where} would have the name {each!r}", suggestion=_RENAME)
