from __future__ import annotations

from typing import Any

import pytest

from viber.http import Request
from viber.observability import log_context
from viber.services._options import CallOptions, limits


def test_later_options_are_laid_over_earlier_ones() -> None:
    """What is said again counts; what is not said stays."""
    first = CallOptions().merged({"idempotent": True, "request_id": "r-1"})
    second = first.merged({"request_id": "r-2"})
    assert (second.idempotent, second.request_id) == (True, "r-2")
    assert first.request_id == "r-1"


def test_header_fields_add_up() -> None:
    """A view of a view sends the header fields of both, the later value where they share a name."""
    first = CallOptions().merged({"headers": {"X-Tenant": "a", "X-Trace": "t"}})
    second = first.merged({"headers": {"x-tenant": "b"}})
    assert second.headers == (("x-tenant", "b"), ("x-trace", "t"))


@pytest.mark.parametrize(
    ("said", "nature", "decision"),
    [(None, True, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_the_caller_decides_over_the_nature_of_a_call(
    said: bool | None,  # noqa: FBT001
    nature: bool,  # noqa: FBT001
    decision: bool,  # noqa: FBT001
) -> None:
    """A call is idempotent by its nature, unless the caller says otherwise."""
    assert CallOptions(idempotent=said).decide(idempotent=nature) is decision


def test_limits_are_the_pipeline_s_part() -> None:
    """Time limits and attempts go to the pipeline, None among them; nothing is made up."""
    chosen = limits({"timeout": None, "total_timeout": 3.0, "max_attempts": 1, "request_id": "r-1"})
    assert chosen == {"timeout": None, "total_timeout": 3.0, "max_attempts": 1}
    assert limits({}) == {}


def test_a_misspelt_option_is_refused() -> None:
    """An option that nobody reads is not swallowed."""
    fields: Any = {"tiemout": 1.0}
    with pytest.raises(TypeError, match="a call has no option tiemout"):
        CallOptions().merged(fields)


def test_a_field_of_the_caller_replaces_the_service_s_own() -> None:
    """No header field is sent twice, whatever the case of its name."""
    request = Request("GET", "http://127.0.0.1/", (("Accept", "text/csv"), ("apikey", "key")))
    options = CallOptions().merged({"headers": {"accept": "text/plain", "X-Request-Id": "mine"}})
    assert options.dress(request, "generated").headers == (
        ("apikey", "key"),
        ("x-request-id", "mine"),
        ("accept", "text/plain"),
    )


def test_a_call_goes_by_the_id_that_is_around_it() -> None:
    """One that was given wins; without either it gets a new one."""
    with log_context(request_id="r-1"):
        assert CallOptions().id_of_call() == "r-1"
        assert CallOptions(request_id="mine").id_of_call() == "mine"
    assert len({CallOptions().id_of_call() for _ in range(3)}) == 3
