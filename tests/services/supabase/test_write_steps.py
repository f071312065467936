"""The steps that all writes have: rehearsals, zones, and the duty to be run."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from viber.errors import ConflictError, Delivery, InvalidRequestError, TransportError
from viber.services.supabase import PreferenceIgnoredError
from viber.testing import Fail, Reply

LOST = Fail(lambda: TransportError("reset", delivery=Delivery.UNKNOWN))
ROLLED_BACK = {"preference-applied": "return=minimal, tx=rollback"}
PERMITTED = Reply(200, headers={"preference-applied": "tx=rollback"})


async def test_a_rehearsal_asks_first_whether_it_would_be_one(build: Any) -> None:
    """For nothing, in a transaction to be rolled back."""
    project = build(PERMITTED, Reply(201, headers=ROLLED_BACK))
    await project.db.table("t").insert({"a": 1}).dry_run()
    asked, sent = project.requests
    assert (asked.method, asked.url.partition("/rest/v1/")[2]) == ("HEAD", "t?limit=0")
    assert "tx=rollback" in dict(asked.headers)["prefer"].split(",")
    assert dict(sent.headers)["prefer"] == "return=minimal,tx=rollback"


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.insert({"a": 1}),
        lambda t: t.put({"id": 1}),
        lambda t: t.update({"a": 1}).eq("id", 1),
        lambda t: t.delete().eq("id", 1),
    ],
)
async def test_a_rehearsal_that_would_be_none_is_not_sent(make: Any, build: Any) -> None:
    """The server says nothing of a rollback, so it would commit."""
    project = build(Reply(200))
    with pytest.raises(PreferenceIgnoredError, match="nothing was sent") as caught:
        await make(project.db.table("t", key="id")).dry_run()
    assert caught.value.delivery is Delivery.NOT_SENT
    assert [request.method for request in project.requests] == ["HEAD"]


async def test_a_rehearsal_that_was_none_is_told_loudly(build: Any) -> None:
    """Who may not read cannot ask first; the answer to the write tells that it may have been committed."""
    project = build(Reply(401), Reply(201, headers={"preference-applied": "return=minimal"}))
    with pytest.raises(PreferenceIgnoredError, match="may have been committed") as caught:
        await project.db.table("t").insert({"a": 1}).dry_run()
    assert caught.value.delivery is Delivery.UNKNOWN
    assert "db-tx-end" in caught.value.suggestion


async def test_a_rehearsal_is_repeated_like_a_read(build: Any) -> None:
    """Nothing stays of it; a duplicate that it meets is nobody's replay."""
    project = build(PERMITTED, LOST, Reply(409, json={"code": "23505", "message": "duplicate"}))
    with pytest.raises(ConflictError):
        await project.db.table("t", key="id").insert({"id": 1}).dry_run()
    assert [request.method for request in project.requests] == ["HEAD", "POST", "POST"]


async def test_a_zone_that_was_ignored_is_told_loudly(build: Any) -> None:
    """Times without an offset were stored as others than they were meant."""
    project = build(Reply(201, headers={"preference-applied": "return=minimal"}))
    with pytest.raises(PreferenceIgnoredError, match="timezone=Europe/Paris") as caught:
        await project.db.table("t").insert({"a": 1}).time_zone("Europe/Paris")
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_a_zone_that_was_ignored_is_told_though_the_row_is_there(build: Any) -> None:
    """By the second attempt, too: nobody looks, and takes it for done."""
    project = build(LOST, Reply(201, headers={"preference-applied": "return=minimal"}))
    with pytest.raises(PreferenceIgnoredError):
        await project.db.table("t", key="id").insert({"id": 1}).time_zone("Europe/Paris")
    assert len(project.requests) == 2


@pytest.mark.parametrize("zone", ["", "a b", "x,tx=commit", "Europe/Paris\r\nx: y"])
def test_a_zone_that_no_header_can_carry_is_refused(zone: str, project: Any) -> None:
    """It would be another wish."""
    with pytest.raises(InvalidRequestError):
        project.db.table("t").insert({"a": 1}).time_zone(zone)


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.insert({"id": 1}).strict().time_zone("UTC").dry_run().again().returning("id").count(),
        lambda t: t.insert({"id": 1}).returning_key().returning_row(),
        lambda t: t.upsert({"id": 1}).strict(),
        lambda t: t.put({"id": 1}).returning().dry_run(),
        lambda t: t.update({"a": 1}).eq("id", 1).if_version(1).max_affected(1).returning().count(),
        lambda t: t.delete().eq("id", 1).strict(),
        lambda t: t.soft_delete().eq("id", 1),
        lambda t: t.restore().returning("id").eq("id", 1),
    ],
)
def test_a_write_that_is_dropped_unrun_warns_once(make: Any, project: Any) -> None:
    """Each step hands the duty on to the next."""
    with pytest.warns(RuntimeWarning, match="of t|into t") as caught:
        make(project.db.table("t", key="id"))
    assert len(caught) == 1
    assert project.requests == []


@pytest.mark.parametrize(
    "step",
    [
        lambda q: q.time_zone("no zone"),
        lambda q: q.returning(""),
        lambda q: q.if_version("x"),
        lambda q: q.max_affected(-1),
        lambda q: q.eq("a", None),
    ],
)
def test_nobody_has_to_run_a_step_that_was_refused(step: Any, project: Any) -> None:
    """Neither what it would have been, nor what it was to be made of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        update = project.db.table("t").update({"a": 1})
        with pytest.raises(InvalidRequestError):
            step(update)
