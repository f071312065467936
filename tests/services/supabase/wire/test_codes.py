from __future__ import annotations

import pytest

from viber.machines import RetryConfig
from viber.services.supabase import _errors as leaves
from viber.services.supabase.wire._codes import CLASSES, CODES, STATUSES, Rule, rule_of

RETRYABLE = RetryConfig().retryable_statuses


def rule(code: str, status: int) -> Rule:
    return rule_of(code, status, RETRYABLE)


TABLE = {
    # code: (status, class, may it have run, who may repeat it)
    "PGRST000 PGRST002": (503, leaves.SupabaseServerError, "no", "anybody"),
    "PGRST001": (503, leaves.SupabaseServerError, "unknown", "reads"),
    "PGRST003": (504, leaves.SupabaseServerError, "no", "anybody"),
    "PGRST100 PGRST101 PGRST102 PGRST105 PGRST108": (400, leaves.SupabaseInvalidRequestError, "no", "nobody"),
    "PGRST114 PGRST115 PGRST118 PGRST119": (400, leaves.SupabaseInvalidRequestError, "no", "nobody"),
    "PGRST106 PGRST107 PGRST117 PGRST120 PGRST122": (406, leaves.SupabaseInvalidRequestError, "no", "nobody"),
    "PGRST123 PGRST125 PGRST126 PGRST127": (404, leaves.SupabaseInvalidRequestError, "no", "nobody"),
    "PGRST124 PGRST128 PGRST200 PGRST204": (400, leaves.SupabaseInvalidRequestError, "no", "nobody"),
    "PGRST103": (416, leaves.SupabaseInvalidRequestError, "no", "nobody"),
    "PGRST111 PGRST112 PGRST121": (500, leaves.SupabaseServerError, "no", "nobody"),
    "PGRST300": (500, leaves.SupabaseServerError, "no", "nobody"),
    "PGRST116": (406, leaves.SupabaseInvalidRequestError, "no", "nobody"),
    "PGRST201 PGRST203": (300, leaves.SupabaseInvalidRequestError, "no", "nobody"),
    "PGRST202 PGRST205": (404, leaves.SupabaseNotFoundError, "no", "nobody"),
    "PGRST301 PGRST302 PGRST303": (401, leaves.SupabaseAuthenticationError, "no", "nobody"),
    "PGRSTX00": (500, leaves.SupabaseServerError, "unknown", "reads"),
    "08000 08001 08003 08006 08P01": (503, leaves.SupabaseServerError, "unknown", "reads"),
    "57P01 57P02 57000": (503, leaves.SupabaseServerError, "unknown", "reads"),
    "53300": (503, leaves.SupabaseServerError, "no", "anybody"),
    "57P03": (500, leaves.SupabaseServerError, "no", "anybody"),
    "40P01 55P03 40001": (500, leaves.SupabaseServerError, "no", "anybody"),
    "57014": (500, leaves.SupabaseTimeoutError, "no", "nobody"),
    "23503 23505 23P01": (409, leaves.SupabaseConflictError, "no", "nobody"),
    "22001 22003 22P02 23502 23514 42601 42703 42804": (
        400,
        leaves.SupabaseInvalidRequestError,
        "no",
        "nobody",
    ),
    "42501": (403, leaves.SupabasePermissionDeniedError, "no", "nobody"),
    "28000 28P01 0L000 0P000": (403, leaves.SupabasePermissionDeniedError, "no", "nobody"),
    "42883 42P01": (404, leaves.SupabaseNotFoundError, "no", "nobody"),
    "25006": (405, leaves.SupabaseInvalidRequestError, "no", "nobody"),
    "P0001": (400, leaves.SupabaseInvalidRequestError, "no", "nobody"),
    "P0002 P0003 P0004": (500, leaves.SupabaseServerError, "no", "nobody"),
    "53000 53100 53200 53400": (503, leaves.SupabaseServerError, "unknown", "reads"),
    "09000 25001 2D000 38000 39000 3B000 54000 54001": (500, leaves.SupabaseServerError, "unknown", "reads"),
    "55000 55006 58000 58030 F0000 HV000 XX000 XX001": (500, leaves.SupabaseServerError, "unknown", "reads"),
}


@pytest.mark.parametrize(
    "case",
    [(code, *meaning) for codes, meaning in TABLE.items() for code in codes.split()],
)
def test_every_code_is_what_the_reference_says(case: tuple[str, int, type, str, str]) -> None:
    """Its class; whether the statement may have run; and who may repeat it."""
    code, status, kind, ran, repeat = case
    found = rule(code, status)
    assert found.kind is kind
    assert found.unknown is (ran == "unknown")
    assert found.unapplied is (ran == "no")
    assert found.retryable is (repeat != "nobody")


@pytest.mark.parametrize(
    "code", ["PGRST000", "PGRST002", "PGRST003", "53300", "57P03", "40P01", "55P03", "40001"]
)
def test_what_did_not_happen_may_be_repeated_whatever_it_was(code: str) -> None:
    """No connection, no lock, rolled back: the server says that nothing was done."""
    found = rule(code, 503)
    assert (found.retryable, found.unapplied, found.unknown) == (True, True, False)


@pytest.mark.parametrize(
    "code", ["PGRST001", "PGRSTX00", "08006", "08P01", "57P01", "57P02", "53100", "XX000", "58030", "40003"]
)
def test_what_may_have_happened_is_unknown(code: str) -> None:
    """A connection that broke during a command leaves its outcome open."""
    found = rule(code, 500)
    assert (found.retryable, found.unapplied, found.unknown) == (True, False, True)


def test_a_statement_timeout_is_the_callers_own_and_not_repeated() -> None:
    """It would run the slow statement again; it says nothing of the server's health."""
    found = rule("57014", 500)
    assert found.kind is leaves.SupabaseTimeoutError
    assert (found.retryable, found.neutral, found.unknown) == (False, True, False)


@pytest.mark.parametrize(("code", "status"), [("P0001", 400), ("P0002", 500), ("P0004", 500)])
def test_what_a_function_raises_says_nothing_of_the_server(code: str, status: int) -> None:
    """It is rolled back, not repeated, and ignored by the breaker."""
    found = rule(code, status)
    assert (found.retryable, found.neutral, found.unapplied) == (False, True, True)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("23505", 409, leaves.SupabaseConflictError),
        ("23503", 409, leaves.SupabaseConflictError),
        ("23502", 400, leaves.SupabaseInvalidRequestError),
        ("22P02", 400, leaves.SupabaseInvalidRequestError),
        ("42703", 400, leaves.SupabaseInvalidRequestError),
        ("21000", 400, leaves.SupabaseInvalidRequestError),
        ("42501", 401, leaves.SupabasePermissionDeniedError),
        ("42501", 403, leaves.SupabasePermissionDeniedError),
        ("28P01", 403, leaves.SupabasePermissionDeniedError),
        ("42P01", 404, leaves.SupabaseNotFoundError),
        ("42883", 404, leaves.SupabaseNotFoundError),
        ("25006", 405, leaves.SupabaseInvalidRequestError),
        ("PGRST100", 400, leaves.SupabaseInvalidRequestError),
        ("PGRST106", 406, leaves.SupabaseInvalidRequestError),
        ("PGRST116", 406, leaves.SupabaseInvalidRequestError),
        ("PGRST201", 300, leaves.SupabaseInvalidRequestError),
        ("PGRST203", 300, leaves.SupabaseInvalidRequestError),
        ("PGRST202", 404, leaves.SupabaseNotFoundError),
        ("PGRST205", 404, leaves.SupabaseNotFoundError),
        ("PGRST301", 401, leaves.SupabaseAuthenticationError),
        ("PGRST303", 401, leaves.SupabaseAuthenticationError),
        ("PGRST300", 500, leaves.SupabaseServerError),
        ("42P17", 500, leaves.SupabaseServerError),
    ],
)
def test_a_refusal_is_of_its_kind_and_not_repeated(code: str, status: int, kind: type) -> None:
    """The code says what happened; the same request would end the same way."""
    found = rule(code, status)
    assert found.kind is kind
    assert not found.retryable
    assert not found.unknown


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, leaves.SupabaseInvalidRequestError),
        (400, leaves.SupabaseInvalidRequestError),
        (401, leaves.SupabaseAuthenticationError),
        (403, leaves.SupabasePermissionDeniedError),
        (404, leaves.SupabaseNotFoundError),
        (409, leaves.SupabaseConflictError),
        (414, leaves.SupabaseInvalidRequestError),
    ],
)
def test_without_a_code_a_refusal_is_known_by_its_status(status: int, kind: type) -> None:
    """A gateway that refuses has not passed the request on."""
    found = rule("", status)
    assert found.kind is kind
    assert not found.retryable
    assert not found.unknown


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_without_a_code_a_failure_is_unknown_and_worth_another_try(status: int) -> None:
    """Whoever answered, it was not PostgREST: the request may have reached it."""
    found = rule("", status)
    assert found.kind is leaves.SupabaseServerError
    assert (found.retryable, found.unknown) == (True, True)


@pytest.mark.parametrize("status", [302, 501, 505])
def test_other_answers_are_failures_that_stay(status: int) -> None:
    """A status that the configuration does not name is not repeated."""
    found = rule("", status)
    assert found.kind is leaves.SupabaseServerError
    assert not found.retryable


def test_the_configuration_decides_which_statuses_are_repeated() -> None:
    """Only where no code does."""
    assert rule_of("", 418, {418}).retryable
    assert not rule_of("", 503, ()).retryable
    assert not rule_of("23505", 409, {409}).retryable


def test_too_many_requests_did_nothing() -> None:
    """A 429 may be repeated whatever it was, and says nothing of the server's health."""
    found = rule("", 429)
    assert found.kind is leaves.SupabaseRateLimitError
    assert (found.retryable, found.unapplied, found.neutral) == (True, True, True)


def test_a_request_timeout_is_open() -> None:
    """A 408 does not say how far the request came."""
    assert rule("", 408).kind is leaves.SupabaseTimeoutError
    assert (rule("", 408).retryable, rule("", 408).unknown) == (True, True)


@pytest.mark.parametrize(
    ("code", "status", "kind", "retryable"),
    [
        ("PT402", 402, leaves.SupabaseInvalidRequestError, False),
        ("PT404", 404, leaves.SupabaseNotFoundError, False),
        ("PT503", 503, leaves.SupabaseServerError, True),
    ],
)
def test_a_status_raised_by_a_function_is_rolled_back(
    code: str,
    status: int,
    kind: type,
    retryable: bool,  # noqa: FBT001 - a case
) -> None:
    """The status decides what it is; that nothing was done is certain."""
    found = rule(code, status)
    assert found.kind is kind
    assert (found.retryable, found.unapplied, found.unknown, found.neutral) == (retryable, True, False, True)


def test_a_code_of_the_callers_own_is_known_by_its_status() -> None:
    """A function may answer with any code it likes."""
    assert rule("my_code", 404).kind is leaves.SupabaseNotFoundError


@pytest.mark.parametrize("table", [CODES, CLASSES, STATUSES])
def test_no_rule_contradicts_itself(table: dict[object, Rule]) -> None:
    """What was rolled back is not unknown, and nothing unknown is called unapplied."""
    assert not [key for key, found in table.items() if found.unknown and found.unapplied]
