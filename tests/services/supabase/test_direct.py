from __future__ import annotations

from typing import Any

import pytest

from viber.errors import InvalidRequestError, ServerError
from viber.testing import Reply


@pytest.mark.parametrize(
    ("arguments", "options", "query"),
    [
        (("users",), {}, [("select", "*")]),
        (("users", "id, name"), {}, [("select", "id,name")]),
        (("users", ["id", "a,b"]), {}, [("select", 'id,"a,b"')]),
        (("users", "id, n:name, orders(id)"), {}, [("select", "id,n:name,orders(id)")]),
        (("users", ["a:b", "c(d)"]), {}, [("select", '"a:b","c(d)"')]),
        (
            ("users", "id"),
            {"where": {"a": 1, "b": [1, 2]}},
            [("select", "id"), ("a", "eq.1"), ("b", "in.(1,2)")],
        ),
        (("users", "id"), {"order": "-a, b"}, [("select", "id"), ("order", "a.desc,b")]),
        (("users", "id"), {"order": ["a"], "limit": 5}, [("select", "id"), ("order", "a"), ("limit", "5")]),
    ],
)
async def test_a_direct_select_says_it_all_at_once(
    arguments: Any, options: dict[str, Any], query: list[tuple[str, str]], build: Any
) -> None:
    """Columns and order by name, equality by mapping."""
    project = build(Reply(json=[{"id": 1}]))
    assert await project.db.select(*arguments, **options) == [{"id": 1}]
    assert project.query() == query


async def test_a_direct_insert_gives_the_row_back(build: Any) -> None:
    """One row for one row, a list for a list."""
    project = build(*[Reply(201, json=[{"id": 1}])] * 4)
    assert await project.db.insert("users", {"name": "Ada"}) == {"id": 1}
    assert await project.db.insert("users", [{"name": "Ada"}]) == [{"id": 1}]
    assert await project.db.upsert("users", {"id": 1}, on_conflict="id") == {"id": 1}
    assert await project.db.upsert("users", [{"id": 1}]) == [{"id": 1}]
    assert project.requests[2].url.endswith("/users?on_conflict=id")


async def test_a_direct_insert_of_no_rows_gives_none_back(project: Any) -> None:
    """Without a request."""
    assert await project.db.insert("users", []) == []
    assert project.requests == []


async def test_one_row_that_does_not_come_back_is_an_error(build: Any) -> None:
    """None is not made up in its place."""
    with pytest.raises(ServerError):
        await build(Reply(201, json=[])).db.insert("users", {"name": "Ada"})


async def test_direct_changes_give_the_rows_back(build: Any) -> None:
    """Those that they touched."""
    project = build(*[Reply(200, json=[{"id": 1}])] * 2)
    assert await project.db.update("users", {"name": "B"}, where={"id": 1}) == [{"id": 1}]
    assert await project.db.delete("users", where={"id": [1, 2]}) == [{"id": 1}]
    assert [request.url.partition("?")[2] for request in project.requests] == ["id=eq.1", "id=in.(1,2)"]


async def test_direct_changes_of_everything_are_refused(project: Any) -> None:
    """An empty mapping is no filter."""
    with pytest.raises(InvalidRequestError, match="every row"):
        await project.db.delete("users", where={})
    assert project.requests == []
