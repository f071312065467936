from __future__ import annotations

from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.http import Request
from viber.services.supabase.reading._formats import CSV, PLAIN, media_type, plan_of, zone_wishes

ASKED = Request("GET", "http://x/", (("apikey", "k"), ("accept", "application/json"), ("x", "y")))


def test_a_form_replaces_what_is_accepted() -> None:
    """The other header fields stay as they are."""
    assert PLAIN.accepting(CSV).put_on(ASKED).headers == (("apikey", "k"), ("x", "y"), ("accept", "text/csv"))


def test_wishes_are_sent_in_one_header_field_and_once_each() -> None:
    """A preference said twice would be ambiguous."""
    form = PLAIN.wishing("a=1", "handling=strict").wishing("handling=strict", "b=2")
    assert dict(form.put_on(ASKED).headers)["prefer"] == "a=1,handling=strict,b=2"
    assert dict(form.put_on(ASKED).headers)["accept"] == "application/json"


@pytest.mark.parametrize("zone", ["Europe/Paris", "UTC", "Etc/GMT+5", "America/Port-au-Prince", "+02:00"])
def test_a_zone_is_asked_for_strictly(zone: str) -> None:
    """An unknown one would be ignored without a word."""
    assert zone_wishes(zone) == ("handling=strict", f"timezone={zone}")


@pytest.mark.parametrize("zone", ["", "a,b=c", "a b", "a\r\nb", "Zürich"])
def test_what_is_no_name_of_a_zone_is_refused(zone: str) -> None:
    """It could be read as another preference."""
    with pytest.raises(InvalidRequestError, match="time zone"):
        zone_wishes(zone)


@pytest.mark.parametrize(
    ("form", "options", "accept"),
    [
        ("text", {}, 'application/vnd.pgrst.plan+text; for="application/json"'),
        ("json", {"wal": False}, 'application/vnd.pgrst.plan+json; for="application/json"'),
        (
            "text",
            {"analyze": True, "verbose": False, "buffers": True},
            'application/vnd.pgrst.plan+text; for="application/json"; options=analyze|buffers',
        ),
    ],
)
def test_a_plan_is_a_representation(form: Any, options: dict[str, bool], accept: str) -> None:
    """Of the query that would answer with another one."""
    assert plan_of("application/json", form, options) == accept


def test_an_unknown_form_of_a_plan_is_refused() -> None:
    """There are two."""
    with pytest.raises(InvalidRequestError, match="'text' or 'json'"):
        plan_of("application/json", "yaml", {})  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["image/png", "text/vnd.a-b+xml", "text/plain; charset=utf-8"])
def test_a_media_type_is_sent_as_it_is(text: str) -> None:
    """With its parameters."""
    assert media_type(text) == text


@pytest.mark.parametrize("text", ["", "png", "image/", "image/png\r\nx: y", "image/pñg", "a/b;\n"])
def test_what_is_no_media_type_is_refused(text: str) -> None:
    """A header field could not carry it, or it would say more than that."""
    with pytest.raises(InvalidRequestError, match="media type"):
        media_type(text)
