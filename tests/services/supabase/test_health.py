from __future__ import annotations

from typing import Any

import pytest

from viber.testing import Hang, Reply


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, json={"code": "42P01", "message": "relation does not exist"}),
        Reply(404, json={"code": "PGRST205", "message": "not in the schema cache"}),
        Reply(401, json={"code": "42501", "message": "permission denied"}),
        Reply(200, json=[]),
    ],
)
async def test_an_answer_of_the_database_is_health(reply: Reply, build: Any) -> None:
    """Also that there is no such table, or no right to it: only a live project can say so."""
    health = await build(reply).db.health_check()
    assert (health.healthy, health.error, health.service) == (True, "", "supabase")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(401, json={"code": "PGRST301", "message": "JWT expired"}), "JWT expired"),
        (Reply(401, json={"message": "No API key found in request"}), "No API key"),
        (Reply(503, json={"code": "PGRST002", "message": "no schema cache"}), "schema cache"),
        (Reply(404, body=b"<html>", headers={"content-type": "text/html"}), "404 with an HTML page"),
        (Reply(404, json={"message": "no route"}), "no route"),
        (Reply(200, body=b"<html>hello"), "200 with an HTML page"),
        (Reply(502), "502 with an empty body"),
        (Hang(), "10 s"),
    ],
)
async def test_everything_else_is_not(reply: Any, words: str, build: Any) -> None:
    """The error says why; a wrong key, a gateway's own 404 and silence among them."""
    health = await build(reply).db.health_check()
    assert not health.healthy
    assert words in health.error


async def test_the_question_is_cheap_and_asked_once(build: Any) -> None:
    """No rows of a table that does not exist, or of one that was named; never the whole schema."""
    project = build(Reply(503), Reply(200, json=[]), health_table="pulse")
    assert not (await project.db.health_check()).healthy
    assert (await project.db.health_check()).healthy
    assert [request.url for request in project.requests] == [
        "https://project.example/rest/v1/pulse?limit=0"
    ] * 2


async def test_the_latency_is_measured(build: Any) -> None:
    """In seconds, by the service's clock."""
    project = build(Reply(200, json=[], delay=0.25))
    assert (await project.db.health_check()).latency == 0.25
