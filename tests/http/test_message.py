"""Requests as values."""

from __future__ import annotations

from viber.http import Request

REQUEST = Request("GET", "http://h/x", headers=(("apikey", "k"), ("X-Own", "1")))


def test_a_request_takes_more_header_fields() -> None:
    """Behind its own; the request itself stays as it was."""
    more = REQUEST.with_more([("traceparent", "00")])
    assert more.headers == (*REQUEST.headers, ("traceparent", "00"))
    assert len(REQUEST.headers) == 2


def test_its_own_fields_hold() -> None:
    """Whatever their case: a field that may stand once is not doubled."""
    assert REQUEST.with_more([("x-own", "2")]) is REQUEST


def test_a_request_shows_neither_header_fields_nor_body() -> None:
    """They hold keys, and the data of users."""
    assert repr(Request("GET", "http://h", (("apikey", "k-1"),), b"b-1")) == (
        "Request(method='GET', url='http://h')"
    )
