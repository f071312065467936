"""Where a column is: its name, or a path into JSON, as filters and orders write it."""

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import NamedTuple

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._quoting import name, quoted
from viber.services.supabase.filters._values import Notation

Step = str | int
"""A key of a JSON object, or the index of a JSON list."""


class Place(NamedTuple):
    """Where a column is, as PostgREST reads it."""

    text: str
    holds_json: bool = False
    """A path that ends with `->`: its values are JSON, whatever the column is."""


class Path(NamedTuple):
    """A column and the steps from it into JSON."""

    column: str
    steps: tuple[Step, ...] = ()
    ends_as_text: bool = False

    def place(self) -> Place:
        """The path with its arrows, every name quoted that needs it."""
        if not self.steps:
            return Place(name(self.column))
        arrows = ["->"] * len(self.steps)
        if self.ends_as_text:
            arrows[-1] = "->>"
        steps = (f"{arrow}{_written(step)}" for arrow, step in zip(arrows, self.steps, strict=True))
        return Place("".join([name(self.column), *steps]), not self.ends_as_text)


class Placed(ABC, Notation):
    """What stands somewhere in a row, and can be compared and ordered by."""

    __slots__ = ()

    @abstractmethod
    def located(self) -> Place:
        """Where it stands."""


def locate(column: object) -> Place:
    """Where a column is that is named by text, or is one.

    Raises:
        InvalidRequestError: a name or a step is empty, or this names no column.

    Example:
        >>> locate("profile->>theme").text, locate("profile->theme").holds_json
        ('profile->>theme', True)
    """
    if isinstance(column, str):
        return _located(column)
    if isinstance(column, Placed):
        return column.located()
    raise refusal(f"a {type(column).__name__} names no column", suggestion="write its name, or col()")


@lru_cache(maxsize=1024)
def _located(column: str) -> Place:
    return path_of(column).place()


def path_of(column: str) -> Path:
    """The path that a text means: arrows are steps into JSON, and numbers behind them are indices.

    Raises:
        InvalidRequestError: a name or a step is empty.

    Example:
        >>> path_of("orders->0->>id")
        Path(column='orders', steps=(0, 'id'), ends_as_text=True)
    """
    first, arrow, rest = column.partition("->")
    name(first)
    if not arrow:
        return Path(first)
    steps = rest.split("->")
    if any(step.startswith(">") for step in steps[:-1]):
        raise refusal(f"in {column!r} only the last arrow can be ->>")
    if steps[-1] in {"", ">"} or "" in steps:
        raise refusal(f"in {column!r} a step is empty")
    ends_as_text = steps[-1].startswith(">")
    return Path(first, tuple(_step(step.removeprefix(">")) for step in steps), ends_as_text)


def _step(text: str) -> Step:
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() else text


def _written(step: Step) -> str:
    if isinstance(step, int):
        return str(step)
    return name(step) if step else quoted(step)
