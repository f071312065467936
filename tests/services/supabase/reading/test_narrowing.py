from __future__ import annotations

from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase import col


@pytest.mark.parametrize(
    ("step", "query"),
    [
        (lambda q: q.order("a").order("b", desc=True), [("order", "a,b.desc")]),
        (lambda q: q.order("a", nulls="first"), [("order", "a.nullsfirst")]),
        (lambda q: q.order("a", desc=True, nulls="last"), [("order", "a.desc.nullslast")]),
        (lambda q: q.order("a.b,c"), [("order", '"a.b,c"')]),
        (lambda q: q.order("profile->>theme", desc=True), [("order", "profile->>theme.desc")]),
        (lambda q: q.order(col("profile").json("a", 0)), [("order", "profile->a->0")]),
        (lambda q: q.order("name", of="customers", desc=True), [("order", "customers(name).desc")]),
        (lambda q: q.order("a.b", of="c.d"), [("order", '"c.d"("a.b")')]),
        (lambda q: q.limit(3).limit(5), [("limit", "5")]),
        (lambda q: q.offset(3).limit(5), [("limit", "5"), ("offset", "3")]),
        (lambda q: q.range(0, 24), [("limit", "25"), ("offset", "0")]),
        (lambda q: q.range(5, 5), [("limit", "1"), ("offset", "5")]),
    ],
)
async def test_order_and_bounds_are_said_in_the_query(step: Any, query: Any, project: Any) -> None:
    """What was said last of a bound counts; orders add up."""
    await step(project.db.table("t").select())
    assert project.query() == query


@pytest.mark.parametrize(
    "step",
    [
        lambda q: q.limit(-1),
        lambda q: q.limit(True),
        lambda q: q.limit(None),
        lambda q: q.offset(1.5),
        lambda q: q.range(5, 4),
        lambda q: q.range(-1, 4),
        lambda q: q.range(0, "5"),
        lambda q: q.order(""),
        lambda q: q.order("a", nulls="middle"),
        lambda q: q.order("a", of="a\0"),
        lambda q: q.order(col("a").cast("text")),
    ],
)
def test_a_step_that_cannot_be_is_refused_at_once(step: Any, project: Any) -> None:
    """Where the mistake is, and not when the query is sent."""
    with pytest.raises(InvalidRequestError):
        step(project.db.table("t").select())
