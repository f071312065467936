"""What is said of everything in a block."""

from __future__ import annotations

import asyncio

from viber.observability import current_fields, current_request_id, log_context


def test_blocks_nest() -> None:
    """An inner block adds to the outer one, and takes back what it added."""
    with log_context(a=1, request_id="r1"):
        with log_context(b=2, request_id="r2"):
            assert dict(current_fields()) == {"a": 1, "b": 2, "request_id": "r2"}
        assert dict(current_fields()) == {"a": 1, "request_id": "r1"}
    assert dict(current_fields()) == {}


async def test_tasks_inherit_the_block_they_are_started_in() -> None:
    """And keep it when the block has ended."""

    async def read() -> str:
        await asyncio.sleep(0)
        return current_request_id()

    with log_context(request_id="r1"):
        task = asyncio.create_task(read())
    assert (await task, current_request_id()) == ("r1", "")


def test_a_request_id_is_a_text() -> None:
    """What is none is not sent as one."""
    with log_context(request_id=7):
        assert current_request_id() == ""
