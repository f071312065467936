"""What type checkers see of filters; checked, never run."""

from datetime import datetime
from typing import assert_type

from viber.services.supabase import (
    Filter,
    Quantified,
    Range,
    Select,
    SupabaseService,
    all_of,
    and_,
    any_of,
    col,
    not_,
    or_,
    raw,
)


def filters_are_made_by_columns() -> None:
    """All of them are one type, and so are groups of them."""
    assert_type(col("a").eq(1), Filter)
    assert_type(col("a").json("b").like(any_of(["x*"])), Filter)
    assert_type(or_(col("a").is_null(), and_(col("b").gt(1), raw("c.eq.1"))), Filter)
    assert_type(not_(col("a").in_([1, 2])), Filter)
    assert_type(all_of((1, 2)), Quantified)
    or_("a.eq.1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    not_(col("a"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def ranges_know_their_bounds() -> None:
    """By their arguments, or as they are declared."""
    assert_type(Range(1, 2), Range[int])
    assert_type(Range(1, 2).lower, int | None)
    assert_type(Range[datetime].empty(), Range[datetime])
    Range(1, 2, "<>")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    col("a").range_lt(Range(1, 2))
    col("a").range_lt((1, 2))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def a_filter_keeps_the_type_of_the_rows(db: SupabaseService) -> None:
    """Each step is the same kind of query."""
    rows = db.table("t", int).select()
    narrowed = rows.eq("a", 1).or_(col("b").eq(2)).where(col("c").is_null()).not_(col("d").eq(1))
    assert_type(narrowed, Select[int])
    assert_type(await narrowed.text_search("e", "x", type="plain"), list[int])
    rows.is_("a", "null")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    rows.text_search("e", "x", type="fts")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
