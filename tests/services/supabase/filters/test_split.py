from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import InvalidRequestError
from viber.services.supabase import col, count, embed, not_, or_, raw
from viber.services.supabase.filters._filters import Comparison, Filter, Membership
from viber.services.supabase.filters._split import has_list, has_more_values, split
from viber.services.supabase.reading._clauses import Clauses, Order

MANY = list(range(1000))
LONG = Clauses(("id",), (col("status").eq("open"), col("id").in_(MANY)))


def texts_of(part: Clauses, place: str = "id") -> list[str]:
    """The values of the list in a part."""
    (found,) = (
        each for each in part.filters if isinstance(each, (Membership, Comparison)) and each.place == place
    )
    return list(found.texts) if isinstance(found, Membership) else [found.text]


@given(st.lists(st.text(max_size=12), min_size=1, unique=True), st.integers(180, 400))
def test_the_parts_hold_every_value_once_and_fit(values: list[str], room: int) -> None:
    """Whatever the values are: nothing is lost, nothing is asked twice, and no part is too long."""
    parts = split(Clauses(filters=(Membership("id", tuple(values)),)), room)
    assert all(len(part.query()) <= room for part in parts)
    assert sorted(text for part in parts for text in texts_of(part)) == sorted(values)
    assert all(texts_of(part) for part in parts)


def test_the_rest_of_the_question_is_the_same_in_every_part() -> None:
    """Columns and other filters, where they were."""
    parts = split(LONG, 500)
    assert len(parts) > 5
    for part in parts:
        assert part.columns == ("id",)
        assert part.filters[0] == col("status").eq("open")
        assert isinstance(part.filters[1], Membership)


@pytest.mark.parametrize(("room", "sizes"), [(508, [100] * 10), (507, [99] * 10 + [10])])
def test_a_part_is_as_full_as_it_can_be(room: int, sizes: list[int]) -> None:
    """A number of four digits and its comma take five characters, beside the eight of `id=in.()`."""
    parts = split(Clauses(filters=(col("id").in_(range(1000, 2000)),)), room)
    assert [len(texts_of(part)) for part in parts] == sizes


def test_a_part_has_no_more_values_than_it_should() -> None:
    """Unless they are alike, and have to stay together."""
    numbers = Clauses(filters=(col("id").in_(range(250)),))
    assert [len(texts_of(part)) for part in split(numbers, 5000, 100)] == [100, 100, 50]
    alike = Clauses(filters=(col("id").in_(["5", "05", "005", "7", "8"]),))
    assert [len(texts_of(part)) for part in split(alike, 5000, 2)] == [3, 2]


def test_a_list_may_have_too_many_values() -> None:
    """Where it can be divided."""
    assert has_more_values(LONG, 999)
    assert not has_more_values(LONG, 1000)
    assert not has_more_values(bounded(limit=5), 999)


def test_the_longest_list_is_the_one_divided() -> None:
    """The others stay whole in every part, so that no pair is asked twice or left out."""
    short = col("kind").in_(["a", "b"])
    for part in split(Clauses(filters=(short, col("id").in_(MANY))), 500):
        assert part.filters[0] == short


def test_a_part_of_the_empty_text_alone_is_a_comparison() -> None:
    """PostgREST would read a list of it as the empty list."""
    parts = split(Clauses(filters=(Membership("id", ("", "x" * 90, "y" * 90)),)), 99)
    assert [texts_of(part) for part in parts] == [[""], ["x" * 90], ["y" * 90]]
    assert parts[0].query() == "id=eq."


@pytest.mark.parametrize(
    "alike",
    [
        ["1", "01", "1.0", "1.00", "+1", "1e0"],
        [str(UUID(int=255)), str(UUID(int=255)).upper(), f"{{{UUID(int=255)}}}", UUID(int=255).hex],
        ["Ada", "ada", "ADA", "ada  "],
        [
            "2026-01-01T12:00:00+00:00",
            "2026-01-01T12:00:00Z",
            "2026-01-01 13:00:00+01:00",
            "2026-01-01T12:00",
        ],
        ["2026-01-01", "2026-01-01T00:00:00"],
    ],
)
def test_texts_that_may_be_one_value_stay_in_one_part(alike: list[str]) -> None:
    """Else its row would be found by two parts, and come twice."""
    others = [
        *(f"v{number}-{'x' * 20}" for number in range(25)),
        *(f"2026-01-01T12:{m:02}:30Z" for m in range(60)),
    ]
    parts = split(Clauses(filters=(Membership("id", (*others[:25], *alike, *others[25:])),)), 400)
    assert sum(bool(set(alike) & set(texts_of(part))) for part in parts) == 1


def bounded(**changes: Any) -> Clauses:
    return Clauses(**{"columns": LONG.columns, "filters": LONG.filters, **changes})


@pytest.mark.parametrize(
    ("clauses", "reason"),
    [
        (bounded(limit=10), "limit"),
        (bounded(offset=10), "offset"),
        (bounded(order=(Order("id"),)), "order"),
        (bounded(columns=(count(),)), "summed up"),
        (bounded(columns=("status", col("total").sum())), "summed up"),
        (bounded(columns=(raw("status,total.sum()"),)), "summed up"),
        (bounded(columns=(embed("customers", count(), spread=True),)), "summed up"),
        (bounded(filters=(not_(col("id").in_(MANY)),)), "negation"),
        (bounded(filters=(or_(col("id").in_(MANY), col("a").eq(1)),)), "group"),
        (bounded(filters=(col("note").eq("x" * 1000),)), "none"),
    ],
)
def test_what_would_mean_something_else_in_parts_is_refused(clauses: Clauses, reason: str) -> None:
    """The error says why, and how long the question is."""
    with pytest.raises(InvalidRequestError, match=rf"room for 500.*{reason}"):
        split(clauses, 500)


@pytest.mark.parametrize(
    "filters",
    [
        (col("id").in_(["x" * 600, "y"]),),
        (col("id").in_(MANY), col("n").eq("x" * 600)),
        (col("id").in_(MANY), col("n").in_(MANY)),
    ],
)
def test_parts_that_would_be_too_long_still_are_refused(filters: tuple[Filter, ...]) -> None:
    """One value of the list, or the rest of the question, or a second long list."""
    with pytest.raises(InvalidRequestError, match="too long for a URL"):
        split(Clauses(filters=filters), 500)


def test_aggregates_of_an_embed_stand_in_no_way() -> None:
    """They are made for each row by itself."""
    assert len(split(bounded(columns=("id", embed("items", count()))), 500)) > 5


def test_only_a_list_may_be_too_long() -> None:
    """Other questions are not measured twice."""
    assert has_list(LONG)
    assert not has_list(Clauses(filters=(col("id").eq(1), or_(col("id").in_(MANY)))))
