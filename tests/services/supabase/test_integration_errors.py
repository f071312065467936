from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from viber import errors
from viber.errors import Delivery, SupabaseError
from viber.services.supabase import MultipleRowsError, SupabaseService, col, embed

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

Ask = Callable[[SupabaseService], Awaitable[object]]


async def refused(ask: Awaitable[object]) -> SupabaseError:
    with pytest.raises(SupabaseError) as caught:
        await ask
    return caught.value


@pytest.mark.parametrize(
    "case",
    [
        ("P0001", 400, errors.InvalidRequestError, "answered", False),
        ("P0002", 500, errors.ServerError, "answered", False),
        ("57014", 500, errors.TimeoutError, "answered", False),
        ("40P01", 500, errors.ServerError, "answered", True),
        ("55P03", 500, errors.ServerError, "answered", True),
        ("53300", 503, errors.ServerError, "answered", True),
        ("57P03", 500, errors.ServerError, "answered", True),
        ("08006", 503, errors.ServerError, "unknown", True),
        ("57P01", 503, errors.ServerError, "unknown", True),
        ("57P02", 500, errors.ServerError, "unknown", True),
        ("53100", 503, errors.ServerError, "unknown", True),
        ("54000", 413, errors.ServerError, "unknown", True),
        ("XX000", 500, errors.ServerError, "unknown", True),
        ("42P17", 400, errors.ServerError, "answered", False),
        ("23505", 409, errors.ConflictError, "answered", False),
        ("23514", 400, errors.InvalidRequestError, "answered", False),
        ("22012", 400, errors.InvalidRequestError, "answered", False),
        ("25006", 405, errors.InvalidRequestError, "answered", False),
        ("42501", 401, errors.PermissionDeniedError, "answered", False),
        ("28000", 403, errors.PermissionDeniedError, "answered", False),
        ("0L000", 403, errors.PermissionDeniedError, "answered", False),
        ("42883", 404, errors.NotFoundError, "answered", False),
        ("PT402", 402, errors.InvalidRequestError, "answered", False),
        ("PT404", 404, errors.NotFoundError, "answered", False),
        ("PT503", 503, errors.ServerError, "answered", True),
    ],
)
async def test_every_class_of_sqlstate_is_an_error_of_its_own(
    case: tuple[str, int, type, str, bool], db: SupabaseService
) -> None:
    """Raised by a function on the real server: its status, class, outcome, and whether it may pass."""
    code, status, kind, delivery, retryable = case
    error = await refused(db.with_options(max_attempts=1).rpc("fail_with", {"code": code, "message": "why"}))
    assert isinstance(error, kind)
    assert (error.status, error.delivery.value, error.retryable) == (status, delivery, retryable)
    assert error.message.startswith("why")
    assert error.details is not None
    assert error.details["code"] == code


@pytest.mark.parametrize(
    ("ask", "code", "status", "kind"),
    [
        (lambda db: db.table("orders").select("nope"), "42703", 400, errors.InvalidRequestError),
        (lambda db: db.table("orders").select().eq("id", "x"), "22P02", 400, errors.InvalidRequestError),
        (lambda db: db.table("nope").select(), "42P01", 404, errors.NotFoundError),
        (lambda db: db.table("orders").select(embed("nope")), "PGRST200", 400, errors.InvalidRequestError),
        (lambda db: db.rpc("nope"), "PGRST202", 404, errors.NotFoundError),
        (lambda db: db.rpc("twice", {"n": 1}), "PGRST203", 300, errors.InvalidRequestError),
        (
            lambda db: db.schema("internal").table("customers").select(),
            "PGRST106",
            406,
            errors.InvalidRequestError,
        ),
        (
            lambda db: db.rpc("set_response", {"name": "headers", "value": "x"}),
            "PGRST111",
            500,
            errors.ServerError,
        ),
        (
            lambda db: db.rpc("set_response", {"name": "status", "value": "x"}),
            "PGRST112",
            500,
            errors.ServerError,
        ),
        (
            lambda db: db.rpc("fail_with", {"code": "PGRST", "message": "x", "detail": "y"}),
            "PGRST121",
            500,
            errors.ServerError,
        ),
        (
            lambda db: db.as_user("x.y.z").table("orders").select(),
            "PGRST301",
            401,
            errors.AuthenticationError,
        ),
        (lambda db: db.table("orders").delete().eq("id", 0), "42501", 401, errors.PermissionDeniedError),
        (
            lambda db: db.admin.table("orders").insert({"nope": 1}),
            "PGRST204",
            400,
            errors.InvalidRequestError,
        ),
        (lambda db: db.admin.table("orders").insert({"customer_id": 0}), "23503", 409, errors.ConflictError),
        (
            lambda db: db.admin.table("customers").insert({"email": "x"}),
            "23502",
            400,
            errors.InvalidRequestError,
        ),
    ],
)
async def test_what_the_server_refuses_is_typed(
    ask: Ask, code: str, status: int, kind: Any, db: SupabaseService
) -> None:
    """Class, code and status; where it was asked, and by which request."""
    error = await refused(ask(db))
    assert isinstance(error, kind)
    assert error.details is not None
    assert (error.details["code"], error.status, error.retryable) == (code, status, False)
    assert error.details["path"].startswith("/rest/v1/")
    assert error.details["method"] in {"GET", "POST", "DELETE"}
    assert (bool(error.request_id), bool(error.details["server_request_id"])) == (True, True)
    assert (error.service, error.operation != "", error.delivery) == ("supabase", True, Delivery.ANSWERED)


async def test_an_expired_token_is_told(db: SupabaseService, viber_sandbox: Sandbox) -> None:
    """As such, with advice."""
    expired = viber_sandbox.user_key("11111111-1111-4111-8111-111111111111", expires_in=-90)
    error = await refused(db.as_user(expired).table("notes").select())
    assert isinstance(error, errors.AuthenticationError)
    assert (error.message, error.status) == ("JWT expired", 401)
    assert "refresh" in error.suggestion


async def test_a_foreign_key_to_the_gateway_is_told(db: SupabaseService) -> None:
    """The gateway speaks JSON without a code."""
    config = db._config.model_copy(update={"anon_key": type(db._config.anon_key)("foreign")})
    foreign = SupabaseService(config, db._session.channel)
    error = await refused(foreign.table("orders").select())
    assert isinstance(error, errors.AuthenticationError)
    assert "Invalid API key" in error.message


async def test_an_ambiguous_embedding_is_told_with_its_candidates(db: SupabaseService) -> None:
    """The message names both foreign keys; either resolves it."""
    events = db.schema("audit").table("events")
    error = await refused(events.select(embed("customers")))
    assert error.status == 300
    assert "events_actor_fkey" in error.message
    assert "events_subject_fkey" in error.message
    assert await events.select(embed("customers", "name", hint="events_actor_fkey")) == [
        {"customers": {"name": "Kept apart"}}
    ]


async def test_a_duplicate_is_told_by_constraint_and_column(db: SupabaseService) -> None:
    """The value is in the database's own details, and not in the message."""
    error = await refused(db.admin.table("customers").insert({"name": "x", "email": "customer1@example.com"}))
    assert error.details is not None
    assert (error.details["constraint"], error.details["columns"]) == ("customers_email_key", ["email"])
    assert "customer1" not in error.message
    assert "customer1" in error.details["details"]


async def test_a_function_may_raise_an_error_of_its_own(db: SupabaseService) -> None:
    """With status, code, details and hint of its choice."""
    body = {"code": "quota", "message": "Payment required", "details": "used up", "hint": "upgrade"}
    detail = json.dumps({"status": 402, "headers": {"x-plan": "free"}})
    error = await refused(
        db.rpc("fail_with", {"code": "PGRST", "message": json.dumps(body), "detail": detail})
    )
    assert (error.status, error.message, error.suggestion) == (402, "Payment required", "upgrade")
    assert error.details is not None
    assert (error.details["code"], error.details["details"]) == ("quota", "used up")


async def test_a_status_without_a_body_is_told(db: SupabaseService) -> None:
    """A function may set a status and say nothing."""
    error = await refused(db.rpc("set_response", {"name": "status", "value": "418"}))
    assert (error.status, error.message) == (418, "Supabase answered 418 with an empty body")


async def test_rows_beyond_the_end_are_none(db: SupabaseService) -> None:
    """With a count the server answers 416: that is the end, and not a failure."""
    page = await db.table("orders").select().offset(500).with_count()
    assert (page.data, page.count) == ([], 200)


async def test_not_one_row_is_none_or_several(db: SupabaseService) -> None:
    """Each an error of its own."""
    orders = db.table("orders").select("id")
    assert isinstance(await refused(orders.eq("id", 0).one()), errors.NotFoundError)
    assert isinstance(await refused(orders.one()), MultipleRowsError)


async def test_a_column_that_is_filtered_by_has_to_be_selected_from_a_function(db: SupabaseService) -> None:
    """Up to PostgREST 12: the error says so."""
    error = await refused(db.rpc("squares_to", {"last": 3}).select("square").where(col("n").gt(1)))
    assert "select those" in error.suggestion
