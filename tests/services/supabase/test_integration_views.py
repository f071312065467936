from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from viber.errors import AuthenticationError, InvalidRequestError
from viber.services.supabase import SupabaseService

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

ADA = "11111111-1111-4111-8111-111111111111"
BEN = "22222222-2222-4222-8222-222222222222"


class Login:
    """Gives a user valid tokens."""

    def __init__(self, sandbox: Sandbox, sub: str) -> None:
        self.sandbox, self.sub = sandbox, sub
        self.calls = 0

    async def refresh(self) -> str:
        self.calls += 1
        await asyncio.sleep(0)
        return self.sandbox.user_key(self.sub)

    def expired(self) -> str:
        return self.sandbox.user_key(self.sub, expires_in=-90)


async def test_a_schema_has_tables_and_functions_of_its_own(db: SupabaseService) -> None:
    """The same names, other contents: by GET and by POST."""
    audit = db.schema("audit")
    assert await audit.table("customers").select("name") == [{"name": "Kept apart"}]
    assert await audit.rpc("add", {"a": 1, "b": 2}) == "1 and 2"
    assert await audit.rpc("add", {"a": 1, "b": 2}, method="GET") == "1 and 2"
    assert await db.rpc("add", {"a": 1, "b": 2}) == 3
    assert await db.schema("public").table("customers").select().count() == 50


async def test_a_schema_is_written_to(db: SupabaseService) -> None:
    """Insert, update, delete: each in that schema, by whoever may."""
    events = db.admin.schema("audit").table("events", key="id")
    [row] = await events.insert({"actor": 1, "subject": 1, "what": "was tested"}).returning()
    await events.update({"what": "was changed"}).eq("id", row["id"])
    assert await events.select("what").eq("id", row["id"]).one() == {"what": "was changed"}
    await events.delete().eq("id", row["id"])
    assert not await events.select().eq("id", row["id"]).exists()


async def test_a_hidden_schema_is_refused(db: SupabaseService) -> None:
    """With the schemas that there are."""
    with pytest.raises(InvalidRequestError, match="public, audit") as caught:
        await db.schema("internal").table("customers").select()
    assert caught.value.status == 406


async def test_each_view_is_who_it_says(db: SupabaseService, viber_sandbox: Sandbox) -> None:
    """All at once, in both schemas, some with an expired token: nobody sees or is somebody else."""
    ada, ben = Login(viber_sandbox, ADA), Login(viber_sandbox, BEN)
    who = {
        "ada": (db.as_user(ada.expired(), refresh=ada.refresh), ("authenticated", ADA), 10),
        "ben": (db.as_user(ben.expired(), refresh=ben.refresh), ("authenticated", BEN), 10),
        "anon": (db, ("anon", None), 0),
        "admin": (db.admin, ("service_role", None), 20),
    }

    async def look(view: SupabaseService, identity: tuple[str, str | None], notes: int) -> None:
        found = await view.rpc("whoami", method="GET")
        assert (found["role"], found["sub"]) == identity
        owners = {
            row["owner"] for row in await view.table("notes").select("owner").is_("public", value=False)
        }
        expected = {ADA, BEN} if notes == 20 else {identity[1]} - {None}
        assert owners == expected
        assert await view.schema("audit").table("customers").select().count() == 1

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            for each in who.values():
                group.create_task(look(*each))
    assert (ada.calls, ben.calls) == (1, 1)


async def test_a_write_of_an_expired_user_is_written_once(
    db: SupabaseService, viber_sandbox: Sandbox
) -> None:
    """The refused one did nothing; the repeated one is the user's own."""
    login = Login(viber_sandbox, ADA)
    notes = db.as_user(login.expired(), refresh=login.refresh).table("notes")
    [row] = await notes.insert({"body": "written once"}).returning("id", "owner")
    assert row["owner"] == ADA
    assert await notes.select().eq("body", "written once").count() == 1
    await notes.delete().eq("id", row["id"])
    assert login.calls == 1


async def test_a_walk_outlives_a_token(db: SupabaseService, viber_sandbox: Sandbox) -> None:
    """A token that is refused between two pages is renewed there."""
    login = Login(viber_sandbox, ADA)
    mine = db.as_user(viber_sandbox.user_key(ADA), refresh=login.refresh)
    notes = mine.table("notes", key="id").select("id").eq("owner", ADA)
    seen: list[str] = []
    async for page in notes.pages(size=4):
        seen += [row["id"] for row in page]
        mine._session.endpoint.credentials._bear(login.expired())  # what time would do
    assert len(set(seen)) == len(seen) == 10
    assert login.calls >= 2


async def test_without_a_refresh_an_expired_token_is_told(
    db: SupabaseService, viber_sandbox: Sandbox
) -> None:
    """The anonymous key is not tried in its place."""
    with pytest.raises(AuthenticationError, match="JWT expired"):
        await db.as_user(Login(viber_sandbox, ADA).expired()).table("notes").select()
