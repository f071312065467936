from __future__ import annotations

import itertools
from typing import Any

import pytest

from viber.errors import Delivery, RateLimitError, ServerError, TimeoutError, TransportError
from viber.services.supabase import SupabaseService, SupabaseTimeoutError

pytestmark = pytest.mark.sandbox

numbers = itertools.count(20_000_000)
keys = (f"supabase-faults-{n}" for n in itertools.count())


def suffering(db: SupabaseService, fault: str) -> SupabaseService:
    """A view whose requests the gateway treats badly, counted on their own."""
    key = next(keys)
    return db.with_options(headers={"x-viber-fault": f"{fault}; key={key}", "x-viber-fault-key": key})


async def count(db: SupabaseService, n: int) -> int:
    """How often a number stands in the ledger; it is removed."""
    return len(await db.table("ledger").delete().eq("n", n).returning("id"))


@pytest.mark.parametrize(
    "fault", ["status=503", "html=502", "status=520", "status=524", "cut-before", "cut-after"]
)
async def test_a_read_gets_over_it(fault: str, db: SupabaseService) -> None:
    """Statuses, pages and cuts: twice wrong, then right."""
    assert len(await suffering(db, f"{fault}; times=2").table("orders").select("id").lte("id", 3)) == 3


async def test_a_write_that_was_refused_for_now_is_not_repeated(db: SupabaseService) -> None:
    """A bare 503 does not say that nothing was done: the error says so, and the row is not doubled."""
    n = next(numbers)
    with pytest.raises(ServerError, match="may have acted") as caught:
        await suffering(db, "status=503; times=1").table("ledger").insert({"n": n})
    assert (caught.value.delivery, caught.value.attempts) == (Delivery.UNKNOWN, 1)
    assert await count(db, n) == 0


async def test_a_write_whose_answer_is_cut_is_unknown_and_there_once(db: SupabaseService) -> None:
    """It was committed, and is not sent a second time."""
    n = next(numbers)
    with pytest.raises(TransportError, match="may have acted") as caught:
        await suffering(db, "cut-after").table("ledger").insert({"n": n})
    assert (caught.value.delivery, caught.value.attempts) == (Delivery.UNKNOWN, 1)
    assert caught.value.service == "supabase"
    assert await count(db, n) == 1


async def test_a_caller_may_take_the_risk(db: SupabaseService) -> None:
    """With idempotent=True the same insert is sent again, and is there twice."""
    n = next(numbers)
    view = suffering(db, "cut-after; times=1").with_options(idempotent=True)
    await view.table("ledger").insert({"n": n})
    assert await count(db, n) == 2


async def test_too_many_requests_waits_as_told(db: SupabaseService) -> None:
    """A 429 did nothing: also an insert is repeated, after Retry-After."""
    n = next(numbers)
    await suffering(db, "status=429; retry-after=0.2; times=1").table("ledger").insert({"n": n})
    assert await count(db, n) == 1


async def test_too_many_requests_for_too_long_is_told(db: SupabaseService) -> None:
    """A wait above the bound is not waited for."""
    with pytest.raises(RateLimitError) as caught:
        await suffering(db, "status=429; retry-after=3600").table("orders").select()
    assert (caught.value.retry_after, caught.value.attempts) == (3600.0, 1)


async def test_a_page_in_place_of_an_answer_is_a_typed_error(db: SupabaseService) -> None:
    """With the status, and an excerpt for the log."""
    with pytest.raises(ServerError, match="502 with an HTML page") as caught:
        await suffering(db, "html=502").table("orders").select()
    assert (caught.value.status, caught.value.attempts) == (502, 3)
    assert "<" in caught.value.debug_message


async def test_a_page_with_a_good_status_is_not_data(db: SupabaseService) -> None:
    """Nor is it worth another attempt."""
    with pytest.raises(ServerError, match="200 with an HTML page") as caught:
        await suffering(db, "html=200").table("orders").select()
    assert caught.value.attempts == 1


async def test_half_an_answer_is_a_typed_error(db: SupabaseService) -> None:
    """And is asked for again where that is safe."""
    assert await suffering(db, "truncate=20; times=1").table("orders").select("id").eq("id", 1) == [{"id": 1}]
    with pytest.raises((ServerError, TransportError)) as caught:
        await suffering(db, "truncate=20").table("orders").select()
    assert caught.value.attempts == 3


async def test_a_slow_statement_is_ended_by_the_server_and_not_repeated(db: SupabaseService) -> None:
    """57014 after three seconds: ours, the builtin's, and the caller's own doing."""
    with pytest.raises(SupabaseTimeoutError) as caught:
        await db.with_options(idempotent=True).rpc("slow", {"seconds": 20})
    error = caught.value
    assert isinstance(error, TimeoutError)
    assert (error.attempts, error.neutral, error.delivery) == (1, True, Delivery.ANSWERED)
    assert (error.details or {})["code"] == "57014"


async def test_a_hang_ends_with_the_time_limit(db: SupabaseService) -> None:
    """Ours, with an unknown outcome."""
    view: Any = suffering(db, "hang").with_options(timeout=0.2, max_attempts=1)
    with pytest.raises(TimeoutError) as caught:
        await view.table("orders").select()
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_health_tells_of_a_failing_gateway(db: SupabaseService) -> None:
    """And is asked once."""
    health = await suffering(db, "status=503; times=1").health_check()
    assert not health.healthy
    assert "503" in health.error
