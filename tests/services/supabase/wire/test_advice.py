from __future__ import annotations

from typing import Any

import pytest

from viber.machines import RetryConfig
from viber.services.supabase.wire._advice import SUGGESTIONS, advice_on
from viber.services.supabase.wire._codes import rule_of
from viber.services.supabase.wire._complaint import Complaint


def test_every_suggestion_belongs_to_a_code_with_a_rule() -> None:
    """A misspelt code would never be found."""
    for code in SUGGESTIONS:
        assert not rule_of(code, 400, RetryConfig().retryable_statuses).retryable


@pytest.mark.parametrize(
    "column",
    ["id,status", "id, status", "customers(name)", "total::text", "t:total", "total.sum()", "customers.name"],
)
def test_a_column_that_is_text_of_postgrest_is_told_to_be_one_column(column: str) -> None:
    """Who comes from another client writes several columns, casts and relations into one text."""
    said = Complaint("42703", f"column orders.{column} does not exist", hint="Perhaps you meant another.")
    assert advice_on(said, 400).startswith("one text is one column")


@pytest.mark.parametrize("column", ["-id", "id.desc", "id desc", "a.asc.nullslast"])
def test_a_direction_is_no_part_of_a_name(column: str) -> None:
    """Where other clients write it."""
    assert "desc=True" in advice_on(Complaint("42703", f"column orders.{column} does not exist"), 400)


def test_what_the_server_takes_to_be_meant_comes_first() -> None:
    """It knows the names that there are."""
    said = Complaint("42703", "column orders.statu does not exist", hint="Perhaps you meant orders.status.")
    assert advice_on(said, 400).startswith("Perhaps you meant orders.status; check the names")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Complaint("42P01", 'relation "public.audit.events" does not exist'), "db.schema("),
        (Complaint("42P01", 'relation "public.order" does not exist'), "check the name of the table"),
        (Complaint("23503", "", 'Key (id)=(1) is still referenced from table "items".'), "delete the rows"),
        (Complaint("23503", "", 'Key (id)=(1) is not present in table "items".'), "write the row"),
        (Complaint("21000", "ON CONFLICT DO UPDATE command cannot affect row a second time"), "two rows"),
        (Complaint("21000", "UPDATE requires a WHERE clause"), "a filter"),
        (Complaint("P0001", "m", hint="pay first"), "pay first"),
        (Complaint("P0001", "m", hint=["no", "text"]), ""),
    ],
)
def test_advice_is_about_what_was_said(said: Complaint, words: Any) -> None:
    """One code stands for several mistakes, and the words tell which."""
    advice = advice_on(said, 400)
    assert words in advice
    assert bool(words) == bool(advice)


@pytest.mark.parametrize(("status", "words"), [(404, "SUPABASE_URL"), (540, "paused")])
def test_what_is_not_postgrest_is_known_by_its_status(status: int, words: str) -> None:
    """What has no code comes from something in front of it; what has one does not."""
    assert words in advice_on(Complaint(), status)
    assert not advice_on(Complaint("PT404"), status)
