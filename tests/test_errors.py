from __future__ import annotations

import builtins
import copy
import inspect
import json
import pickle
import time
import traceback
from collections.abc import Callable

import pytest

from viber import errors
from viber.errors import (
    BaseError,
    CircuitOpenError,
    ConfigurationError,
    Delivery,
    RateLimitError,
    ServiceError,
    Severity,
    StreamInterruptedError,
    SupabaseError,
    TransportError,
)

SECRET = "sb_secret_0123456789abcdef"


class SupabaseThrottledError(SupabaseError, RateLimitError):
    pass


KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BaseError)]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def full(kind: type[BaseError]) -> BaseError:
    error = kind(
        "it broke",
        debug_message=f"header was {SECRET}",
        request_id="r-1",
        service="orders",
        operation="select",
        delivery=Delivery.UNKNOWN,
        retry_after=2.5,
        details={"hint": "look there"},
        suggestion="try later",
        status=503,
        attempts=2,
    )
    error.add_note("attempt 1 failed")
    return error


@each_kind
def test_every_error_has_every_field(kind: type[BaseError]) -> None:
    """Every error answers who, what, where, how bad, whether again, and when."""
    error = kind("it broke")
    kinds = {
        "code": str,
        "message": str,
        "debug_message": str,
        "request_id": str,
        "service": str,
        "operation": str,
        "severity": Severity,
        "operational": bool,
        "retryable": bool,
        "delivery": Delivery,
        "attempts": int,
        "suggestion": str,
        "timestamp": float,
    }
    assert {name: type(getattr(error, name)) for name in kinds} == kinds
    assert (error.retry_after, error.details, error.status) == (None, None, None)


@each_kind
def test_codes_are_dotted_and_stable_words(kind: type[BaseError]) -> None:
    """A code is made for programs: lower-case words joined by dots."""
    assert kind("x").code.replace(".", "").replace("_", "").islower()


def test_codes_tell_the_kinds_apart() -> None:
    """No two kinds share a code."""
    assert len({kind("x").code for kind in KINDS}) == len(KINDS)


@each_kind
def test_the_tree_is_at_most_three_deep(kind: type[BaseError]) -> None:
    """From `BaseError` there are at most two steps to any class, and one more to a service's own leaf."""
    steps = [base for base in kind.__mro__ if issubclass(base, BaseError)][1:]
    assert len(steps) <= 2


def test_an_error_is_caught_by_who_spoke_and_by_what_happened() -> None:
    """A 429 of Supabase is a `SupabaseError` and a `RateLimitError`, and worth another attempt."""
    error = SupabaseThrottledError("slow down")
    assert isinstance(error, SupabaseError)
    assert isinstance(error, ServiceError)
    assert isinstance(error, RateLimitError)
    assert (error.service, error.retryable, error.unapplied) == ("supabase", True, True)


def test_a_timeout_is_the_builtin_one_and_no_answer_of_a_service() -> None:
    """The builtin `TimeoutError` catches ours; since nobody spoke, it is no `ServiceError`."""
    error = errors.TimeoutError("too slow", service="supabase")
    assert isinstance(error, builtins.TimeoutError)
    assert not isinstance(error, ServiceError)


@pytest.mark.parametrize(
    ("kind", "delivery"),
    [
        pytest.param(errors.TimeoutError, Delivery.UNKNOWN, id="timeout"),
        pytest.param(TransportError, Delivery.UNKNOWN, id="transport"),
        pytest.param(StreamInterruptedError, Delivery.UNKNOWN, id="stream"),
        pytest.param(CircuitOpenError, Delivery.NOT_SENT, id="circuit"),
        pytest.param(ConfigurationError, Delivery.NOT_SENT, id="configuration"),
        pytest.param(SupabaseError, Delivery.ANSWERED, id="answer"),
    ],
)
def test_delivery_starts_from_the_kind(kind: type[BaseError], delivery: Delivery) -> None:
    """Unless told otherwise, silence is UNKNOWN, a refusal before sending NOT_SENT, an answer ANSWERED."""
    assert kind("x").delivery is delivery


def test_a_field_that_does_not_exist_is_refused() -> None:
    """A misspelt field is a `TypeError`, not an attribute that nobody reads."""
    with pytest.raises(TypeError, match="TransportError has no field delivry"):
        TransportError("x", delivry=Delivery.UNKNOWN)


def test_a_field_of_one_error_does_not_reach_the_next() -> None:
    """What is set on one error stays on that one."""
    TransportError("x", retryable=False)
    assert TransportError("y").retryable


def test_locate_fills_gaps_only() -> None:
    """Who raised the error first knows best where: what is set already stays."""
    error = TransportError("x", service="inner")
    assert error.locate(service="outer", operation="select", request_id="r-1") is error
    assert (error.service, error.operation, error.request_id) == ("inner", "select", "r-1")


Again = Callable[[BaseError], BaseError]
ROUND_TRIPS: dict[str, Again] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
each_way = pytest.mark.parametrize("again", ROUND_TRIPS.values(), ids=ROUND_TRIPS.keys())


@each_way
@each_kind
def test_pickle_and_copy_keep_class_fields_and_notes(kind: type[BaseError], again: Again) -> None:
    """An error that crosses a process boundary is still itself."""
    error = full(kind)
    other = again(error)
    assert type(other) is kind
    assert vars(other) == vars(error)
    assert (str(other), repr(other), other.args) == (str(error), repr(error), error.args)


@each_way
def test_pickle_and_copy_keep_what_a_stream_received(again: Again) -> None:
    """The partial text, parts and usage of an interrupted stream survive."""
    other = again(StreamInterruptedError("cut", text="Once upon", parts=["Once", " upon"], usage=7))
    assert (other.text, other.parts, other.usage) == ("Once upon", ("Once", " upon"), 7)


def test_a_copy_has_notes_of_its_own() -> None:
    """A note on the copy is not a note on the original."""
    error = full(TransportError)
    copy.copy(error).add_note("only here")
    assert error.__notes__ == ["attempt 1 failed"]


@each_kind
def test_text_and_repr_show_no_debug_message_and_no_details(kind: type[BaseError]) -> None:
    """What is internal stays out of `str`, `repr` and the printed traceback."""
    error = full(kind)
    printed = f"{error}{error!r}{''.join(traceback.format_exception(error))}"
    assert SECRET not in printed
    assert "look there" not in printed


def test_repr_names_class_code_delivery_and_service() -> None:
    """A repr says at a glance what happened, where, and whether the server may have acted."""
    error = TransportError("reset by peer", service="supabase")
    shown = "TransportError('reset by peer', code='transport.error', delivery='unknown', service='supabase')"
    assert repr(error) == shown


@each_kind
def test_the_response_is_camel_case_with_milliseconds(kind: type[BaseError]) -> None:
    """`to_response` has the six public fields, aliases in camelCase and the time in epoch milliseconds."""
    before = time.time()
    body = json.loads(full(kind).to_response().model_dump_json(by_alias=True))
    assert body.keys() == {"code", "message", "details", "requestId", "severity", "timestamp"}
    assert body["requestId"] == "r-1"
    assert before * 1000 - 1 <= body["timestamp"] <= time.time() * 1000 + 1


@each_kind
def test_the_response_holds_no_debug_text(kind: type[BaseError]) -> None:
    """What leaves the application tells nothing internal."""
    assert SECRET not in full(kind).to_response().model_dump_json()


def test_an_open_circuit_says_when_to_come_back() -> None:
    """The text of a rejection names the service and the wait."""
    error = CircuitOpenError(service="quotes", retry_after=12.34)
    assert str(error) == "the circuit of quotes is open, nothing was sent; the next probe may go in 12.3 s"
    assert error.to_response().message == str(error)


def test_an_open_circuit_may_not_know_when() -> None:
    """Without a known wait, as when an operator holds it open, the text names none."""
    assert str(CircuitOpenError()) == "the circuit of the service is open, nothing was sent"


def test_a_rejection_formats_nothing_until_asked() -> None:
    """Rejecting is cheap: the text is made when somebody reads it, from what is known then."""
    error = CircuitOpenError(retry_after=1.0)
    error.locate(service="quotes")
    assert "quotes" in str(error)
    assert error.args == ("",)


def test_a_rejection_can_be_given_other_words() -> None:
    """The text can be set, as on every other error."""
    error = CircuitOpenError("no", service="quotes")
    assert error.message == "no"
    error.message = "not now"
    assert (str(error), pickle.loads(pickle.dumps(error)).message) == ("not now", "not now")


def test_a_rejection_is_not_the_fault_of_the_service() -> None:
    """An open circuit is not retried and is no news about the service."""
    error = CircuitOpenError()
    assert (error.retryable, error.neutral) == (False, True)


def test_a_configuration_error_lists_every_problem() -> None:
    """All that is wrong is told at once, one line each."""
    error = ConfigurationError("settings", problems=["SUPABASE_URL: missing", "GEMINI_API_KEY: empty"])
    assert error.problems == ("SUPABASE_URL: missing", "GEMINI_API_KEY: empty")
    assert str(error) == "settings\n  - SUPABASE_URL: missing\n  - GEMINI_API_KEY: empty"


def test_defects_and_wrong_set_ups_are_not_operational() -> None:
    """Only expected kinds of failure are operational."""
    assert [kind for kind in KINDS if not kind("x").operational] == [ConfigurationError, errors.InternalError]


def test_all_is_sorted_and_complete() -> None:
    """The door of the room lists every public name, in order."""
    assert sorted(errors.__all__) == errors.__all__
    assert {kind.__name__ for kind in KINDS} <= set(errors.__all__)
