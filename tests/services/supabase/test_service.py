from __future__ import annotations

from typing import Any

import pytest

from viber.errors import ConfigurationError, InvalidRequestError, SupabaseError, TimeoutError
from viber.testing import Hang, Reply


def credentials(project: Any) -> list[tuple[str, str]]:
    """Key and token of each request."""
    headers = [dict(request.headers) for request in project.requests]
    return [(each["apikey"], each["authorization"].removeprefix("Bearer ")) for each in headers]


async def test_views_never_get_each_others_credentials(build: Any) -> None:
    """Anonymous, service role and user: each sends its own, in whatever order they are made and used."""
    project = build(*[Reply(json=[])] * 6, anon_key="anon", service_role_key="service")
    db = project.db
    admin, user = db.admin, db.as_user("user.jwt")
    for view in (admin, user, db, admin.as_user("other.jwt"), user.admin, admin.with_options(timeout=1)):
        await view.table("t").select()
    assert credentials(project) == [
        ("service", "service"),
        ("anon", "user.jwt"),
        ("anon", "anon"),
        ("anon", "other.jwt"),
        ("service", "service"),
        ("service", "service"),
    ]


async def test_a_schema_is_seen_by_the_same_user(build: Any) -> None:
    """Accept-Profile on what reads, Content-Profile on what writes, and every view keeps its own."""
    project = build(*[Reply(json=[])] * 7, db_schema="shop", service_role_key="service")
    audit = project.db.schema("audit")
    await audit.table("t").select()
    await audit.rpc("f", method="GET")
    await audit.rpc("f")
    await audit.as_user("user.jwt").table("t").select()
    await audit.admin.table("t").select()
    await project.db.admin.table("t").select()
    await audit.schema("billing").with_options(timeout=1).table("t").select()
    profiles = [[value for name, value in each.headers if "-profile" in name] for each in project.requests]
    assert profiles == [["audit"]] * 5 + [["shop"], ["billing"]]
    assert ("content-profile", "audit") in project.requests[2].headers
    assert [token for _, token in credentials(project)][3:5] == ["user.jwt", "service"]


@pytest.mark.parametrize("name", ["", " audit", "au\ndit", "à"])
def test_a_schema_that_no_header_can_carry_is_refused(name: str, project: Any) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidRequestError, match="schema"):
        project.db.schema(name)


def test_admin_without_a_key_names_the_variable(project: Any) -> None:
    """The service role has a key of its own."""
    with pytest.raises(ConfigurationError, match="SUPABASE_SERVICE_ROLE_KEY"):
        _ = project.db.admin


@pytest.mark.parametrize("token", ["", "tell nobody", "tell\r\nx: y", "tellñobody"])
def test_a_token_that_no_header_can_carry_is_refused(token: str, project: Any) -> None:
    """And is not shown."""
    with pytest.raises(InvalidRequestError, match="token") as caught:
        project.db.as_user(token)
    assert "tell" not in str(caught.value)


async def test_the_secrets_of_a_view_are_not_in_its_errors(build: Any) -> None:
    """Not even when the gateway repeats them."""
    page = b"<p>anon-secret-1 token-secret-2 service-secret-3</p>"
    project = build(
        *[Reply(500, body=page)] * 9, anon_key="anon-secret-1", service_role_key="service-secret-3"
    )
    for view, secrets in (
        (project.db.as_user("token-secret-2"), ("anon-secret-1", "token-secret-2")),
        (project.db.admin, ("service-secret-3",)),
    ):
        with pytest.raises(SupabaseError) as caught:
            await view.table("t").select()
        error = caught.value
        shown = (
            f"{error!r} {error} {error.debug_message} {error.details} {error.__notes__} {error.to_response()}"
        )
        assert not [secret for secret in secrets if secret in shown]


async def test_options_hold_for_the_view_and_not_for_its_origin(build: Any) -> None:
    """Headers, attempts and request id are of the view that was derived."""
    project = build(Reply(503), Reply(json=[]))
    view = project.db.with_options(headers={"X-Trace": "1"}, max_attempts=1, request_id="r-1")
    with pytest.raises(SupabaseError) as caught:
        await view.table("t").select()
    assert (caught.value.request_id, caught.value.attempts) == ("r-1", 1)
    await project.db.table("t").select()
    first, second = (dict(request.headers) for request in project.requests)
    assert first["x-trace"] == "1"
    assert "x-trace" not in second


async def test_a_time_limit_may_be_set_for_one_view(build: Any) -> None:
    """In seconds, for each attempt."""
    project = build(Hang())
    with pytest.raises(TimeoutError, match="2 s"):
        await project.db.with_options(timeout=2, max_attempts=1).table("t").select()
    assert project.clock.now() == 2.0


@pytest.mark.parametrize("name", ["apikey", "Authorization"])
def test_credentials_are_not_set_by_headers(name: str, project: Any) -> None:
    """There would be two of them on the wire, and no telling which one counts."""
    with pytest.raises(InvalidRequestError, match="as_user"):
        project.db.with_options(headers={name: "x"})


def test_a_service_shows_its_url_and_no_key(build: Any) -> None:
    """Its views too, and their tables and queries."""
    project = build(anon_key="tell-nobody", service_role_key="tell-nobody-2")
    db = project.db
    assert repr(db) == "<SupabaseService https://project.example>"
    shown = [
        db.admin,
        db.table("t"),
        db.table("t").select(),
        db.rpc("f", method="GET"),
        db.table("t").select().one(),
    ]
    assert not [each for each in shown if "tell-nobody" in repr(each)]


def test_a_table_knows_its_name(project: Any) -> None:
    """And the service has one too."""
    assert (project.db.table("orders").name, project.db.name) == ("orders", "supabase")
