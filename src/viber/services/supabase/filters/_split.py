"""A list of values that is too long for one URL, divided into parts that are asked for one by one."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._filters import Filter, Membership
from viber.services.supabase.filters._logic import Group
from viber.services.supabase.filters._quoting import element, percent
from viber.services.supabase.reading._clauses import Clauses
from viber.services.supabase.reading._selection import is_grouped


def has_list(clauses: Clauses) -> bool:
    """Whether a filter has a list of values, which may be long."""
    # Every select asks this: a generator, and isinstance() of an abstract class, cost more than the question.
    for each in clauses.filters:  # noqa: SIM110
        if type(each) is Membership:
            return True
    return False


def has_more_values(clauses: Clauses, most: int) -> bool:
    """Whether a list has more than so many values, and can be divided."""
    return not _undivided(clauses) and any(len(each.texts) > most for each in _lists(clauses))


def split(clauses: Clauses, room: int, most: int | None = None) -> list[Clauses]:
    """Clauses that together find what these find, each with at most `room` characters of query string.

    The longest list is divided, with `most` values in each part. A row has one value, so that it is found by
    one part only; values that the database may take for the same stay together.

    Raises:
        InvalidRequestError: the parts together would find something else, or no list is left to divide.
    """
    longest = _longest(clauses, room)
    space = room - len(_with(clauses, longest, ()).query())
    parts = _parts(longest.texts, space, most or len(longest.texts))
    return [_with(clauses, longest, part) for part in parts]


def _longest(clauses: Clauses, room: int) -> Membership:
    lists = _lists(clauses)
    reason = _undivided(clauses) or ("" if lists else _no_list(clauses.filters))
    if reason:
        raise refusal(
            f"the query string would have {len(clauses.query())} characters where there is room for {room}, "
            f"and a long in_() cannot be split {reason}",
            suggestion="ask for fewer values at a time",
        )
    return max(lists, key=lambda each: sum(map(len, each.texts)))


def _lists(clauses: Clauses) -> list[Membership]:
    return [each for each in clauses.filters if isinstance(each, Membership) and not each.negated]


def _undivided(clauses: Clauses) -> str:
    """Why the parts together would find something else; empty if they would not."""
    if clauses.limit is not None or clauses.offset is not None:
        return "where a limit or an offset counts the rows of the whole"
    if clauses.order:
        return "where an order goes over the whole"
    if is_grouped(clauses.columns):
        return "where rows are summed up"
    return ""


def _no_list(filters: Iterable[Filter]) -> str:
    if any(isinstance(each, Membership) for each in filters):
        return "under a negation, where a row has to be outside all parts"
    if any(isinstance(each, Group) for each in filters):
        return "inside of a group"
    return "where there is none"


def _with(clauses: Clauses, divided: Membership, texts: tuple[str, ...]) -> Clauses:
    """These clauses, with other values in one list."""
    part = Membership.of(divided.place, texts)
    return replace(clauses, filters=tuple([part if each is divided else each for each in clauses.filters]))


def _parts(texts: Iterable[str], space: int, most: int) -> Iterator[tuple[str, ...]]:
    """The texts in lists of so many characters and texts at most; those that are alike in one list."""
    part: list[str] = []
    left = space
    for _, alike in groupby(sorted(texts, key=_likeness), key=_likeness):
        group = list(alike)
        size = sum(len(percent(element(text))) + 1 for text in group)
        if size > space:
            raise refusal("a value of in_() is too long for a URL, or there are too many that are alike")
        if part and (size > left or len(part) + len(group) > most):
            yield tuple(part)
            part, left = [], space
        part += group
        left -= size
    yield tuple(part)


def _likeness(text: str) -> str:
    """The same for texts that a type may take for one: `1.0` and `01`, one instant in two zones."""
    with suppress(ArithmeticError):
        return str(Decimal(text).normalize()).casefold()
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return re.sub(r"[\s{}-]", "", text).casefold()
