"""What a bulkhead refuses."""

from __future__ import annotations

import asyncio
from math import inf, nan
from typing import Any

import pytest

from viber.resilience import Bulkhead


async def test_releasing_too_often_is_an_error() -> None:
    """A place that was not taken would let one more through, for ever."""
    bulkhead = Bulkhead(1)
    await bulkhead.acquire()
    bulkhead.release()
    with pytest.raises(RuntimeError, match="release once for each acquire"):
        bulkhead.release()
    assert bulkhead.taken == 0


def test_another_event_loop_is_refused() -> None:
    """It belongs to the loop that used it first; the error says what to do."""
    bulkhead = Bulkhead(1)
    asyncio.run(bulkhead.acquire())
    with pytest.raises(RuntimeError, match="make one per event loop"):
        asyncio.run(bulkhead.acquire())


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("max_concurrent", [0, -1, 1.0, nan, inf, True, None, "1"]),
        ("max_queue", [-1, 1.0, nan, inf, True, None]),
        ("max_wait", [-1, nan, inf, True, "5"]),
    ],
)
def test_options_that_make_no_sense_are_refused(option: str, values: list[Any]) -> None:
    """The error names the option."""
    for value in values:
        with pytest.raises((TypeError, ValueError), match=option):
            Bulkhead(**{"max_concurrent": 1, option: value})


@pytest.mark.parametrize("within", [-1.0, nan, inf, True, "5"], ids=repr)
async def test_a_wait_is_a_time(within: Any) -> None:
    """Negative, endless or something else is refused, and nobody stands in line."""
    bulkhead = Bulkhead(1)
    await bulkhead.acquire()
    with pytest.raises((TypeError, ValueError), match="within"):
        await bulkhead.acquire(within=within)
    assert bulkhead.waiting == 0
