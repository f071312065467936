from __future__ import annotations

import asyncio
from typing import Any

import pytest

from viber.errors import AuthenticationError, SupabaseError
from viber.http import Request
from viber.resilience import Deadline
from viber.testing import Reply

EXPIRED = Reply(401, json={"code": "PGRST301", "message": "JWT expired"})


def token_of(request: Request) -> str:
    return dict(request.headers)["authorization"].removeprefix("Bearer ")


def answer(*valid: str) -> Any:
    """A server that takes these tokens, and tells whose rows it gives."""

    def answer(request: Request) -> Reply:
        token = token_of(request)
        return Reply(json=[{"of": token}]) if token in valid else EXPIRED

    return answer


class Login:
    """Gives out tokens when it is let."""

    def __init__(self, *tokens: Any, let: bool = True) -> None:
        self.tokens = list(tokens)
        self.calls = 0
        self.let = asyncio.Event()
        if let:
            self.let.set()

    async def refresh(self) -> Any:
        self.calls += 1
        await self.let.wait()
        token = self.tokens.pop(0)
        if isinstance(token, BaseException):
            raise token
        return token


async def turns(number: int = 20) -> None:
    """Let every task come to where it waits."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_an_expired_token_is_renewed_and_the_call_repeated(build: Any) -> None:
    """Once; what comes later uses the new one at once."""
    project, login = build(*[answer("new")] * 3), Login("new")
    mine = project.db.as_user("old", refresh=login.refresh)
    assert await mine.table("notes").select() == [{"of": "new"}]
    assert await mine.table("notes").select() == [{"of": "new"}]
    assert [token_of(request) for request in project.requests] == ["old", "new", "new"]
    assert login.calls == 1


async def test_a_write_is_repeated_too(build: Any) -> None:
    """A refused request did nothing; the body is the same."""
    project, login = build(EXPIRED, Reply(201)), Login("new")
    await project.db.as_user("old", refresh=login.refresh).table("notes").insert({"body": "x"})
    first, second = project.requests
    assert (first.method, first.body) == (second.method, second.body)
    assert sorted(dict(first.headers)) == sorted(dict(second.headers))


async def test_a_call_of_a_function_is_repeated_too(build: Any) -> None:
    """Whatever is sent for the user."""
    project, login = build(EXPIRED, Reply(200, body=b"3")), Login("new")
    assert await project.db.as_user("old", refresh=login.refresh).rpc("add", {"a": 1, "b": 2}) == 3


async def test_calls_at_the_same_time_share_one_refresh(build: Any) -> None:
    """However many meet the expired token."""
    project, login = build(*[answer("new")] * 40), Login("new", let=False)
    mine = project.db.as_user("old", refresh=login.refresh)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(mine.table("notes").select().run()) for _ in range(20)]
        await turns()
        login.let.set()
    assert [task.result() for task in tasks] == [[{"of": "new"}]] * 20
    assert login.calls == 1


async def test_calls_one_after_the_other_share_one_refresh(build: Any) -> None:
    """Also one that is refused at the very moment when the new token comes."""
    project, login = build(*[answer("new")] * 40), Login("new")
    mine = project.db.as_user("old", refresh=login.refresh)
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(mine.table("notes").select().run())
            await asyncio.sleep(0)
    assert login.calls == 1


async def test_a_call_that_comes_late_takes_what_was_refreshed(build: Any) -> None:
    """Its own refusal was of the old token: there is a newer one already."""
    slow = Reply(401, json={"code": "PGRST301", "message": "JWT expired"}, delay=5)
    project, login = build(slow, EXPIRED, *[answer("new")] * 2), Login("new")
    mine = project.db.as_user("old", refresh=login.refresh)
    late, early = await asyncio.gather(mine.table("a").select().run(), mine.table("b").select().run())
    assert late == early == [{"of": "new"}]
    assert login.calls == 1


async def test_a_cancelled_call_leaves_the_refresh_to_the_others(build: Any) -> None:
    """Also the one that began it."""
    project, login = build(*[answer("new")] * 3), Login("new", let=False)
    mine = project.db.as_user("old", refresh=login.refresh)
    first = asyncio.create_task(mine.table("notes").select().run())
    await turns()
    second = asyncio.create_task(mine.table("notes").select().run())
    await turns()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    login.let.set()
    assert await second == [{"of": "new"}]
    assert login.calls == 1


async def test_users_never_get_each_others_tokens(build: Any) -> None:
    """Two users and the anonymous one, all at once, both tokens expired."""
    project = build(*[answer("ada-2", "ben-2", "anon-key-0001")] * 50)
    ada, ben = Login("ada-2", let=False), Login("ben-2", let=False)
    views = {
        "ada-2": project.db.as_user("ada-1", refresh=ada.refresh),
        "ben-2": project.db.as_user("ben-1", refresh=ben.refresh),
        "anon-key-0001": project.db,
    }
    async with asyncio.TaskGroup() as group:
        tasks = [
            (token, group.create_task(view.table("notes").select().run()))
            for _ in range(8)
            for token, view in views.items()
        ]
        await turns()
        ben.let.set()
        await turns()
        ada.let.set()
    assert [task.result() for _, task in tasks] == [[{"of": token}] for token, _ in tasks]
    assert (ada.calls, ben.calls) == (1, 1)


async def test_derived_views_share_the_token(build: Any) -> None:
    """Another schema or other options are the same user."""
    project, login = build(*[answer("new")] * 4), Login("new")
    mine = project.db.as_user("old", refresh=login.refresh)
    audit, patient = mine.schema("audit"), mine.with_options(timeout=60)
    for view in (audit, patient, mine):
        assert await view.table("notes").select() == [{"of": "new"}]
    assert login.calls == 1


async def test_a_new_token_that_is_refused_too_is_the_end(build: Any) -> None:
    """One refresh for one call: no loop."""
    project, login = build(EXPIRED, EXPIRED), Login("new", "newer")
    with pytest.raises(AuthenticationError, match="JWT expired"):
        await project.db.as_user("old", refresh=login.refresh).table("notes").select()
    assert (len(project.requests), login.calls) == (2, 1)


async def test_the_same_token_again_is_not_sent_again(build: Any) -> None:
    """It would be refused again."""
    project, login = build(EXPIRED), Login("old")
    with pytest.raises(AuthenticationError, match="JWT expired"):
        await project.db.as_user("old", refresh=login.refresh).table("notes").select()
    assert len(project.requests) == 1


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (ValueError("tell-nobody"), "its refresh raised ValueError"),
        (asyncio.CancelledError(), "its refresh was cancelled"),
        (None, "a NoneType"),
        ("", "empty"),
        ("tell nobody", "blanks"),
    ],
)
async def test_a_refresh_that_fails_is_told_with_the_refusal(outcome: Any, words: str, build: Any) -> None:
    """What happened, where, and what the hook raised as the cause; not what it said."""
    project, login = build(EXPIRED), Login(outcome)
    with pytest.raises(AuthenticationError, match=words) as caught:
        await project.db.as_user("old", refresh=login.refresh).table("notes").select()
    error = caught.value
    assert (error.code, error.status, error.attempts) == ("supabase.token_refresh", 401, 1)
    assert (error.operation, error.service) == ("select notes", "supabase")
    assert error.request_id == dict(project.sent.headers)["x-request-id"]
    assert "tell" not in f"{error} {error!r} {error.details}"
    assert isinstance(error.__cause__, ValueError) is isinstance(outcome, ValueError)


async def test_a_refresh_that_failed_is_tried_again_by_the_next_call(build: Any) -> None:
    """A failure is not remembered."""
    project, login = build(EXPIRED, *[answer("new")] * 2), Login(OSError(), "new")
    mine = project.db.as_user("old", refresh=login.refresh)
    with pytest.raises(AuthenticationError):
        await mine.table("notes").select()
    assert await mine.table("notes").select() == [{"of": "new"}]


async def test_a_refresh_has_the_time_of_an_attempt(build: Any) -> None:
    """It cannot hang for ever."""
    project, login = build(EXPIRED, timeout=4), Login("new", let=False)
    with pytest.raises(AuthenticationError, match="raised TimeoutError"):
        await project.db.as_user("old", refresh=login.refresh).table("notes").select()
    assert project.clock.now() == 4.0


async def test_a_call_waits_no_longer_than_its_deadline(build: Any) -> None:
    """The others may still wait for the refresh."""
    project, login = build(EXPIRED, *[answer("new")] * 2), Login("new", let=False)
    mine = project.db.as_user("old", refresh=login.refresh)
    with Deadline(2, clock=project.clock), pytest.raises(AuthenticationError, match="in time"):
        await mine.table("notes").select()
    assert project.clock.now() == 2.0
    login.let.set()
    assert await mine.table("notes").select() == [{"of": "new"}]
    assert login.calls == 1


async def test_both_tries_share_the_total_time(build: Any) -> None:
    """What the first took is not there for the second."""
    slow = Reply(401, json={"code": "PGRST301", "message": "JWT expired"}, delay=8)
    project, login = build(slow, Reply(json=[], delay=9), total_timeout=12), Login("new")
    with pytest.raises(TimeoutError):
        await project.db.as_user("old", refresh=login.refresh).table("notes").select()
    assert project.clock.now() == 12.0


async def test_a_refusal_that_is_not_about_the_token_is_not_refreshed(build: Any) -> None:
    """A missing grant is 401 for the anonymous role, and no token mends it."""
    project, login = build(Reply(401, json={"code": "42501", "message": "permission denied"})), Login("new")
    with pytest.raises(SupabaseError, match="permission denied"):
        await project.db.as_user("old", refresh=login.refresh).table("notes").select()
    assert login.calls == 0


async def test_without_a_refresh_the_refusal_is_told(build: Any) -> None:
    """With advice."""
    with pytest.raises(AuthenticationError, match="JWT expired") as caught:
        await build(EXPIRED).db.as_user("old").table("notes").select()
    assert "expired" in caught.value.suggestion


async def test_a_refresh_may_ask_the_project_itself(build: Any) -> None:
    """By another view: the call that waits for it holds no place."""
    project = build(EXPIRED, Reply(200, body=b'"new"'), answer("new"))

    async def refresh() -> Any:
        return await project.db.rpc("log_in_again", returns=str)

    mine = project.db.as_user("old", refresh=refresh)
    assert await mine.table("notes").select() == [{"of": "new"}]


async def test_a_new_token_is_a_secret_too(build: Any) -> None:
    """It does not show in what a gateway repeats."""
    page = Reply(500, body=b"<p>token-secret-2</p>")
    project, login = build(EXPIRED, *[page] * 3), Login("token-secret-2")
    mine = project.db.as_user("old", refresh=login.refresh)
    with pytest.raises(SupabaseError) as caught:
        await mine.table("notes").select()
    assert "token-secret-2" not in caught.value.debug_message
    assert "token-secret-2" not in repr(mine.table("notes").select())
