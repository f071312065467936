"""Calls of Supabase as spans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from viber.integrations.opentelemetry._database import of_query
from viber.testing import Reply

Trace = Callable[..., Any]


async def test_a_write_names_its_operation_and_its_table(trace: Trace) -> None:
    """In the words of the conventions, the summary being the name of the span."""
    traced = trace(Reply(201))
    await traced.services.supabase.table("users").insert({"name": "ada"}).run()
    assert traced.call.name == "INSERT users"
    assert {k: v for k, v in traced.call.attributes.items() if k.startswith(("db.", "server."))} == {
        "db.system.name": "postgresql",
        "db.operation.name": "INSERT",
        "db.collection.name": "users",
        "db.query.summary": "INSERT users",
        "server.address": "abc.supabase.co",
        "server.port": 443,
    }
    assert "ada" not in str([span.to_json() for span in traced.spans])


async def test_a_function_is_a_stored_procedure(trace: Trace) -> None:
    """Not a table."""
    traced = trace(Reply(json=3))
    await traced.services.supabase.rpc("add_up", {"a": 1}).run()
    assert traced.call.name == "CALL add_up"
    assert traced.call.attributes["db.stored_procedure.name"] == "add_up"
    assert "db.collection.name" not in traced.call.attributes


async def test_a_check_of_health_is_of_no_table(trace: Trace) -> None:
    """It has the name of what it does."""
    traced = trace(Reply())
    await traced.services.supabase.health_check()
    assert traced.call.name == "supabase health_check"


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("delete odd name", "DELETE odd name"),
        ("update users (rehearsal)", "UPDATE users"),
        ("head rpc add_up", "CALL add_up"),
    ],
)
def test_operations_of_every_kind_have_a_summary(operation: str, name: str) -> None:
    """Whatever a table is called."""
    assert of_query(operation)[0] == name
