from __future__ import annotations

from typing import Any

import pytest

from viber.errors import Delivery, InvalidRequestError
from viber.services.supabase import and_, any_of, col, not_, or_, raw

A, B, C = col("a").eq(1), col("b").gt(2), col("c").is_null()


@pytest.mark.parametrize(
    ("made", "pair"),
    [
        (or_(A, B), "or=(a.eq.1,b.gt.2)"),
        (and_(A, B), "and=(a.eq.1,b.gt.2)"),
        (or_(A), "or=(a.eq.1)"),
        (not_(A), "a=not.eq.1"),
        (not_(or_(A, B)), "not.or=(a.eq.1,b.gt.2)"),
        (not_(and_(A, B)), "not.and=(a.eq.1,b.gt.2)"),
        (or_(A, and_(B, not_(or_(C, A)))), "or=(a.eq.1,and(b.gt.2,not.or(c.is.null,a.eq.1)))"),
        (or_(not_(A), not_(C)), "or=(a.not.eq.1,c.not.is.null)"),
        (or_(raw("a.eq.1,b.gt.2"), C), "or=(a.eq.1,b.gt.2,c.is.null)"),
        (not_(raw("a.eq.1,b.gt.2")), "not.and=(a.eq.1,b.gt.2)"),
        (or_(not_(raw("a.eq.1"))), "or=(not.and(a.eq.1))"),
        (or_(col("n").in_([1, "x,y"])), "or=(n.in.(1,%22x,y%22))"),
        (or_(col("t").contains(["a"])), "or=(t.cs.%22%7B%5C%22a%5C%22%7D%22)"),
        (or_(col("n").eq(any_of(["a"]))), "or=(n.eq(any).%22%7B%5C%22a%5C%22%7D%22)"),
        (or_(col("p").text("k").eq("v"), col("a.b").eq("")), "or=(p-%3E%3Ek.eq.v,%22a.b%22.eq.%22%22)"),
    ],
)
def test_groups_nest(made: Any, pair: str) -> None:
    """Groups are one pair, with the members written for the inside of it."""
    assert made.pair() == pair
    assert made.pair("orders.") == f"orders.{pair}"


@pytest.mark.parametrize("make", [or_, and_])
def test_an_empty_group_is_refused(make: Any) -> None:
    """Whether nothing or everything was meant cannot be told."""
    with pytest.raises(InvalidRequestError, match="needs a filter") as caught:
        make()
    assert caught.value.delivery is Delivery.NOT_SENT


@pytest.mark.parametrize("value", ["a.eq.1", None, True, 1, [A], ("a", 1), col("a"), {"a": 1}])
@pytest.mark.parametrize("make", [or_, and_, not_])
def test_only_filters_stand_in_groups(make: Any, value: object) -> None:
    """Text is taken only where it says raw; the error shows both ways."""
    with pytest.raises(InvalidRequestError, match=r"col\('age'\).gte\(18\).*raw\(\)"):
        make(value)
