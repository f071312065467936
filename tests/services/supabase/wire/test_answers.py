from __future__ import annotations

import json
from typing import Any

import pytest

from viber.errors import Delivery, NotFoundError, RateLimitError, ServerError, SupabaseError
from viber.http import Request, Response
from viber.services.supabase import MultipleRowsError
from viber.services.supabase.wire._answers import Answers
from viber.services.supabase.wire._credentials import Credentials

SECRET = "sb_secret_abcdefgh"
ASKED = Request("GET", "https://project.example/rest/v1/orders?email=eq.a%40b")
ANSWERS = Answers(Credentials(SECRET, SECRET), retryable_statuses=frozenset({503}), wall=lambda: 1000.0)


def failure(status: int, body: bytes = b"", **headers: str) -> Any:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(SupabaseError) as caught:
        ANSWERS.require_good(ASKED, Response(status, fields, body))
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 204, 206])
def test_a_success_passes(status: int) -> None:
    """Everything that PostgREST answers when it did what was asked."""
    ANSWERS.require_good(ASKED, Response(status, {}, b""))


@pytest.mark.parametrize("status", [100, 202, 203, 207, 300, 302, 304, 400, 500, 599])
def test_everything_else_is_an_error(status: int) -> None:
    """An answer that PostgREST does not give is not taken for success."""
    assert failure(status).status == status


def test_an_error_holds_what_the_server_said_and_where() -> None:
    """Message, code, details, hint, method and path; not the query, which holds values."""
    error = failure(409, b'{"code":"23505","message":"duplicate key","details":"Key (id)=(1)","hint":"h"}')
    assert error.message == "duplicate key"
    assert error.details == {
        "code": "23505",
        "details": "Key (id)=(1)",
        "hint": "h",
        "method": "GET",
        "path": "/rest/v1/orders",
        "columns": ["id"],
    }
    assert error.delivery is Delivery.ANSWERED


def test_an_ambiguous_embedding_names_its_candidates() -> None:
    """They come as a list of details; the message has them too."""
    one, two = "fk_a using o(a) and c(id)", "fk_b using o(b) and c(id)"
    details = [{"cardinality": "many-to-one", "relationship": one}, {"relationship": two}, {"a": 1}, 5]
    said = {"code": "PGRST201", "message": "Could not embed", "details": details, "hint": None}
    error = failure(300, json.dumps(said).encode())
    assert error.message == f"Could not embed: {one}; {two}"
    assert error.details["details"] == details
    assert "hint=" in error.suggestion


@pytest.mark.parametrize(("rows", "kind"), [(0, NotFoundError), (2, MultipleRowsError)])
def test_not_one_row_is_none_or_several(rows: int, kind: type) -> None:
    """One code says both; its details tell them apart."""
    said = {"code": "PGRST116", "message": "m", "details": f"The result contains {rows} rows"}
    assert isinstance(failure(406, json.dumps(said).encode()), kind)


def test_a_violated_constraint_is_told_by_name_and_column_and_not_by_value() -> None:
    """The value stays where the database put it, in its own details."""
    said = {
        "code": "23505",
        "message": 'duplicate key value violates unique constraint "users_email_key"',
        "details": 'Key (tenant, "E mail")=(7, ada@example.com) already exists.',
    }
    error = failure(409, json.dumps(said).encode())
    assert (error.details["constraint"], error.details["columns"]) == (
        "users_email_key",
        ["tenant", "E mail"],
    )
    assert "ada" not in f"{error} {error.suggestion}"


@pytest.mark.parametrize(
    ("message", "details", "told"),
    [
        (
            'insert or update on table "orders" violates foreign key constraint "orders_fk"',
            'Key (customer_id)=(0) is not present in table "customers".',
            {"constraint": "orders_fk", "relation": "orders", "columns": ["customer_id"]},
        ),
        (
            'null value in column "name" of relation "users" violates not-null constraint',
            "Failing row contains (1, null).",
            {"relation": "users", "columns": ["name"]},
        ),
        (
            'new row for relation "products" violates check constraint "price_check"',
            None,
            {"constraint": "price_check", "relation": "products"},
        ),
        (
            'update or delete on table "goods" violates foreign key constraint "items_fk" on table "items"',
            'Key (id)=(1) is still referenced from table "items".',
            {"constraint": "items_fk", "relation": "goods", "columns": ["id"]},
        ),
        ("la valeur d'une clé dupliquée rompt la contrainte", ["no", "text"], {}),
    ],
)
def test_what_is_violated_is_told_as_far_as_the_words_do(message: str, details: Any, told: Any) -> None:
    """In other languages there is just the message."""
    error = failure(409, json.dumps({"code": "23000", "message": message, "details": details}).encode())
    names = ("constraint", "relation", "columns")
    assert {name: error.details[name] for name in names if name in error.details} == told


def test_a_hint_of_the_database_is_advice() -> None:
    """Where there is none of our own."""
    error = failure(400, b'{"code":"P0001","message":"m","hint":"pay first"}')
    assert error.suggestion == "pay first"


def test_the_servers_id_of_the_request_is_kept() -> None:
    """For whoever reads the project's logs."""
    assert failure(500, sb_request_id="r-9").details["server_request_id"] == "r-9"


def test_a_head_never_says_why() -> None:
    """It has no body: the error says how to learn more."""
    with pytest.raises(NotFoundError, match="to a HEAD") as caught:
        ANSWERS.require_good(Request("HEAD", ASKED.url), Response(404, {}, b""))
    assert "GET" in caught.value.suggestion
    with pytest.raises(SupabaseError) as told:
        ANSWERS.require_good(
            Request("HEAD", ASKED.url), Response(401, {"proxy-status": "PostgREST; error=PGRST303"}, b"")
        )
    assert "expired" in told.value.suggestion


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "502 with an empty body"),
        (b"<html><body>Bad gateway</body></html>", "502 with an HTML page"),
        (b"upstream connect error", "502 with something else than JSON"),
        (b'{"code":"PGRST', "502 with something else than JSON"),
        (b"[1]", "502 with something else than JSON"),
        (b"\xff\xfe", "502 with something else than JSON"),
        (b'{"code":502,"message":null}', "502 with something else than JSON"),
    ],
)
def test_a_gateway_may_say_anything(body: bytes, words: str) -> None:
    """HTML, nothing, or half of an error: always a typed error, whose outcome is unknown."""
    error = failure(502, body)
    assert words in error.message
    assert isinstance(error, ServerError)
    assert error.delivery is Delivery.UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        b'{"message":"no such thing"}',
        b'{"msg":"no such thing","error_code":"x"}',
        b'{"error":"no such thing"}',
        b'{"error":"invalid","error_description":"no such thing"}',
        b'"no such thing"',
    ],
)
def test_a_gateways_own_message_is_kept(body: bytes) -> None:
    """JSON without a code may still say what is wrong, under one of several names."""
    assert failure(401, body).message == "Supabase answered 401 with no such thing"


def test_a_suggestion_shows_in_a_traceback() -> None:
    """Who sees only that an error was raised sees what to do about it, too."""
    error = failure(400, b'{"code":"23502","message":"null value"}')
    assert error.__notes__ == [error.suggestion]
    assert not hasattr(failure(500), "__notes__")


def test_the_excerpt_is_short_and_holds_no_secret() -> None:
    """At most 500 characters of the body, redacted, and for the log only."""
    error = failure(502, f"<p>{SECRET} Bearer abcdef ".encode() + b"x" * 9000)
    assert SECRET not in error.debug_message
    assert "abcdef" not in error.debug_message
    assert len(error.debug_message) <= 501
    assert error.debug_message not in str(error.to_response())


def test_a_body_without_an_error_may_have_its_code_in_a_header() -> None:
    """A HEAD has no body; from PostgREST 13 on the code is in Proxy-Status."""
    error = failure(404, proxy_status="PostgREST; error=PGRST205")
    assert error.details["code"] == "PGRST205"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "Thu, 01 Jan 1970 00:20:00 GMT"}, 200.0),
        ({"retry_after": "soon"}, None),
        ({}, None),
    ],
)
def test_too_many_requests_says_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    """Retry-After as seconds or as a date, by the clock of the service."""
    error = failure(429, **headers)
    assert isinstance(error, RateLimitError)
    assert error.retry_after == seconds


def test_a_success_that_cannot_be_read_is_an_error_of_its_own() -> None:
    """Not the JSON decoder's: it has the status, and says what came in place of the data."""
    error = ANSWERS.unreadable(ASKED, Response(200, {}, b'[{"id":'))
    assert (error.status, error.retryable, error.delivery) == (200, True, Delivery.UNKNOWN)
    assert error.code == "supabase.unreadable"


@pytest.mark.parametrize(
    "response",
    [
        Response(200, {"content-type": "text/html; charset=utf-8"}, b"hello"),
        Response(200, {}, b"\n <!doctype html>"),
    ],
)
def test_a_page_in_place_of_data_is_not_asked_for_again(response: Response) -> None:
    """Whoever answers a question for data with a page will do it again."""
    error = ANSWERS.unreadable(ASKED, response)
    assert not error.retryable
    assert "HTML" in error.message


def test_a_refusal_without_a_word_is_no_refusal() -> None:
    """A 400 with an empty code is a database that died under PostgREST: the statement may have run."""
    error = failure(400, b'{"code":"","details":null,"hint":null,"message":""}')
    assert isinstance(error, ServerError)
    assert (error.delivery, error.retryable) == (Delivery.UNKNOWN, True)
    assert error.details["code"] == "PGRST001"
