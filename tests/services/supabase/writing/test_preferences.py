from __future__ import annotations

from typing import Any

import pytest

from viber.services.supabase.writing._preferences import NO_WISHES, Preferences


@pytest.mark.parametrize(
    ("wishes", "header"),
    [
        (NO_WISHES, "return=minimal"),
        (Preferences("representation"), "return=representation"),
        (Preferences("headers-only", counted=True), "return=headers-only,count=exact"),
        (Preferences(resolution="merge"), "return=minimal,resolution=merge-duplicates"),
        (Preferences(resolution="ignore"), "return=minimal,resolution=ignore-duplicates"),
        (Preferences(fills_in=True), "return=minimal,missing=default"),
        (Preferences(rolls_back=True), "return=minimal,tx=rollback"),
        (Preferences(is_strict=True), "return=minimal,handling=strict"),
    ],
)
def test_each_wish_has_its_words(wishes: Preferences, header: str) -> None:
    """As PostgREST reads them."""
    assert wishes.header() == header


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"max_affected": 0}, "handling=strict,max-affected=0"),
        ({"time_zone": "Europe/Paris"}, "handling=strict,timezone=Europe/Paris"),
        ({"max_affected": 7, "is_strict": True}, "handling=strict,max-affected=7"),
    ],
)
def test_what_an_old_server_would_ignore_is_wished_strictly(wish: dict[str, Any], words: str) -> None:
    """So that a server that does not know it refuses, before it does anything."""
    assert Preferences(**wish).header() == f"return=minimal,{words}"


def test_all_wishes_go_together() -> None:
    """Each once."""
    wishes = Preferences(
        "representation",
        counted=True,
        resolution="merge",
        fills_in=True,
        max_affected=5,
        rolls_back=True,
        time_zone="UTC",
        is_strict=True,
    )
    assert wishes.header() == (
        "return=representation,resolution=merge-duplicates,missing=default,count=exact,"
        "handling=strict,max-affected=5,tx=rollback,timezone=UTC"
    )


@pytest.mark.parametrize(
    ("applied", "ignored"),
    [
        ("return=minimal, tx=rollback, handling=strict, timezone=UTC", []),
        ("tx=rollback,timezone=UTC", []),
        ("return=minimal, timezone=UTC", ["tx=rollback"]),
        ("tx=commit, timezone=Europe/Paris", ["tx=rollback", "timezone=UTC"]),
        ("", ["tx=rollback", "timezone=UTC"]),
    ],
)
def test_what_was_not_applied_is_found(applied: str, ignored: list[str]) -> None:
    """Of the wishes that change what is written."""
    wishes = Preferences(rolls_back=True, time_zone="UTC")
    assert wishes.ignored({"preference-applied": applied}) == ignored
    assert wishes.ignored({}) == ["tx=rollback", "timezone=UTC"]
    assert NO_WISHES.ignored({}) == []
