"""A bulkhead: how many go at once, who waits, and what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import Delivery, RateLimitError
from viber.errors import TimeoutError as OutOfTimeError
from viber.observability import CallRejected, CallWaited, Listeners
from viber.resilience import Bulkhead, Deadline, Pipeline
from viber.resilience import _bulkhead as room
from viber.testing import EventRecorder, FakeClock

MakeBulkhead = Callable[..., Bulkhead]


@pytest.fixture
def make_bulkhead(clock: FakeClock) -> MakeBulkhead:
    """A bulkhead on the fake clock."""

    def make(max_concurrent: int = 1, **options: Any) -> Bulkhead:
        return Bulkhead(max_concurrent, **{"clock": clock, "name": "quotes", **options})

    return make


async def waiters(bulkhead: Bulkhead, number: int, **options: Any) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(bulkhead.acquire(**options)) for _ in range(number)]
    await asyncio.sleep(0)
    return tasks


def is_empty(bulkhead: Bulkhead, clock: FakeClock) -> bool:
    return (bulkhead.taken, bulkhead.waiting, clock.pending) == (0, 0, 0)


async def test_so_many_go_at_once_and_no_more(make_bulkhead: MakeBulkhead, clock: FakeClock) -> None:
    """Ten calls of a second each, three at a time, take four seconds."""
    bulkhead, most = make_bulkhead(3), 0

    async def work() -> None:
        nonlocal most
        most = max(most, bulkhead.taken)
        await clock.sleep(1)

    await asyncio.gather(*[bulkhead.run(work) for _ in range(10)])
    assert (most, clock.now()) == (3, 4.0)
    assert is_empty(bulkhead, clock)


async def test_they_go_in_the_order_of_their_coming(make_bulkhead: MakeBulkhead, clock: FakeClock) -> None:
    """Also a newcomer who finds a place free for a moment stands behind those who wait for it."""
    bulkhead, turns = make_bulkhead(), []

    async def work(name: str) -> None:
        turns.append(name)
        await clock.sleep(1)

    calls = [asyncio.create_task(bulkhead.run(work, name)) for name in "abc"]
    await clock.sleep(1)
    assert not bulkhead.try_acquire()
    await asyncio.gather(*calls)
    assert turns == ["a", "b", "c"]


@pytest.mark.parametrize("way_in", ["run", "protect", "with"])
async def test_three_ways_in(make_bulkhead: MakeBulkhead, clock: FakeClock, way_in: str) -> None:
    """Each holds one place while it lasts."""
    bulkhead, held = make_bulkhead(2), []

    async def work() -> int:
        held.append(bulkhead.taken)
        return 42

    if way_in == "run":
        assert await bulkhead.run(work) == 42
    elif way_in == "protect":
        assert await bulkhead.protect(work)() == 42
    else:
        async with bulkhead as entered:
            assert entered is bulkhead
            await work()
    assert held == [1]
    assert is_empty(bulkhead, clock)


async def test_arguments_of_any_name_are_handed_on(make_bulkhead: MakeBulkhead) -> None:
    """A keyword of the function's own never gets lost in ours."""

    async def echo(**given: object) -> object:
        return given

    assert await make_bulkhead().run(echo, fn=1) == {"fn": 1}
    assert await make_bulkhead().protect(echo)(fn=2, self=3) == {"fn": 2, "self": 3}


@pytest.mark.parametrize(
    "error", [ValueError, asyncio.CancelledError, KeyboardInterrupt], ids=lambda one: one.__name__
)
async def test_whatever_ends_a_call_frees_its_place(
    make_bulkhead: MakeBulkhead, clock: FakeClock, error: type[BaseException]
) -> None:
    """Errors, cancellations and worse."""
    bulkhead = make_bulkhead()
    with pytest.raises(error):
        async with bulkhead:
            raise error
    assert is_empty(bulkhead, clock)


@pytest.mark.parametrize("misuse", [lambda: 42, 42], ids=["sync", "no-function"])
async def test_a_misuse_frees_its_place(make_bulkhead: MakeBulkhead, clock: FakeClock, misuse: Any) -> None:
    """What cannot be awaited holds nothing."""
    bulkhead = make_bulkhead()
    with pytest.raises(TypeError):
        await bulkhead.run(misuse)
    assert is_empty(bulkhead, clock)


@pytest.mark.parametrize("max_queue", [0, 2])
async def test_the_queue_is_bounded(make_bulkhead: MakeBulkhead, max_queue: int) -> None:
    """One more than may wait is turned away at once; nothing was sent."""
    bulkhead = make_bulkhead(max_queue=max_queue)
    await bulkhead.acquire()
    waiting = await waiters(bulkhead, max_queue)
    with pytest.raises(RateLimitError, match=f"{max_queue} calls wait already") as caught:
        await bulkhead.acquire()
    error = caught.value
    assert (error.code, error.service, error.delivery) == ("bulkhead.full", "quotes", Delivery.NOT_SENT)
    for task in waiting:
        bulkhead.release()
        await task


OWN = (RateLimitError, "bulkhead.wait")
CALLERS = (OutOfTimeError, "timeout.total")


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        pytest.param((5.0, None, None), OWN, id="max-wait"),
        pytest.param((5.0, 9.0, 9.0), OWN, id="max-wait-first"),
        pytest.param((5.0, 5.0, 5.0), OWN, id="all-at-once"),
        pytest.param((None, 5.0, None), CALLERS, id="within"),
        pytest.param((9.0, 9.0, 5.0), CALLERS, id="deadline-first"),
    ],
)
async def test_a_wait_has_an_end(
    make_bulkhead: MakeBulkhead, clock: FakeClock, limits: tuple[float | None, ...], outcome: tuple[Any, str]
) -> None:
    """The bulkhead's own limit is a rejection, the caller's is a matter of his time; the first one counts."""
    max_wait, within, deadline = limits
    error, code = outcome
    bulkhead = make_bulkhead(max_wait=max_wait)
    await bulkhead.acquire()
    with Deadline(deadline, clock=clock), pytest.raises(error) as caught:
        await bulkhead.acquire(within=within)
    assert (caught.value.code, caught.value.delivery) == (code, Delivery.NOT_SENT)
    assert (clock.now(), bulkhead.taken, bulkhead.waiting) == (5.0, 1, 0)


@pytest.mark.parametrize("limits", [(0, None, None), (None, 0.0, None), (None, None, 0.0)], ids=repr)
async def test_without_any_time_nobody_waits(limits: tuple[float | None, ...]) -> None:
    """No time to wait is no wait: it ends in the turn in which it began."""
    clock = FakeClock()
    bulkhead = Bulkhead(1, max_wait=limits[0], clock=clock)
    await bulkhead.acquire()
    call = bulkhead.acquire(within=limits[1])
    with Deadline(limits[2], clock=clock), pytest.raises((RateLimitError, OutOfTimeError)):
        call.send(None)
    assert (bulkhead.waiting, clock.pending) == (0, 0)


async def test_a_free_place_is_taken_whatever_the_time(make_bulkhead: MakeBulkhead) -> None:
    """Who has not to wait needs no time for it."""
    await make_bulkhead(max_wait=0).acquire(within=0.0)


@pytest.mark.parametrize("place", [0, 1, 2], ids=["head", "middle", "last"])
async def test_a_cancelled_one_leaves_no_hole(make_bulkhead: MakeBulkhead, place: int) -> None:
    """The others move up, and the place goes round."""
    bulkhead = make_bulkhead()
    await bulkhead.acquire()
    tasks = await waiters(bulkhead, 3)
    tasks.pop(place).cancel()
    for task in tasks:
        bulkhead.release()
        await task
    bulkhead.release()
    assert (bulkhead.taken, bulkhead.waiting) == (0, 0)


@pytest.mark.parametrize("cancelled_first", [True, False], ids=["cancelled-first", "released-first"])
async def test_a_place_given_in_the_turn_of_the_cancellation_goes_on(
    make_bulkhead: MakeBulkhead,
    clock: FakeClock,
    cancelled_first: bool,  # noqa: FBT001
) -> None:
    """Given and cancelled at once: it is cancelled, and the next one has the place."""
    bulkhead = make_bulkhead()
    await bulkhead.acquire()
    head, following = await waiters(bulkhead, 2)
    steps = [head.cancel, bulkhead.release]
    for step in steps if cancelled_first else reversed(steps):
        step()
    await following
    assert head.cancelled()
    bulkhead.release()
    assert is_empty(bulkhead, clock)


async def test_pipelines_may_share_one(make_bulkhead: MakeBulkhead, clock: FakeClock) -> None:
    """What they have in common, they have room for together."""
    bulkhead = make_bulkhead(2)
    quotes, orders = (Pipeline(name, bulkhead=bulkhead, clock=clock) for name in ("quotes", "orders"))
    seen: list[int] = []

    async def work() -> None:
        seen.append(bulkhead.taken)
        await clock.sleep(1)

    await asyncio.gather(*[pipeline.run(work) for pipeline in (quotes, orders) * 3])
    assert (max(seen), clock.now()) == (2, 3.0)


async def test_events_tell_of_waits_and_refusals(
    make_bulkhead: MakeBulkhead, recorder: EventRecorder
) -> None:
    """Each with the name of the service; who goes at once is not worth a word."""
    bulkhead = make_bulkhead(max_wait=5.0, max_queue=1, listeners=Listeners(recorder))
    await bulkhead.acquire()
    assert recorder.events == []
    (waiting,) = await waiters(bulkhead, 1)
    with pytest.raises(RateLimitError):
        await bulkhead.acquire()
    await bulkhead._clock.sleep(2)
    bulkhead.release()
    await waiting
    assert recorder.events == [
        CallRejected("quotes", "bulkhead", None, 0.0),
        CallWaited("quotes", "bulkhead", 2.0, 2.0),
    ]


async def test_no_event_is_built_when_nobody_listens(
    make_bulkhead: MakeBulkhead, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Observing costs nothing until somebody does."""
    for name in ("CallWaited", "CallRejected"):
        monkeypatch.delattr(room, name)
    bulkhead = make_bulkhead(max_wait=5.0)
    await bulkhead.acquire()
    with pytest.raises(RateLimitError):
        await bulkhead.acquire()
    (waiting,) = await waiters(bulkhead, 1)
    bulkhead.release()
    await waiting


def test_it_says_what_it_is() -> None:
    """Name, places, and how many wait."""
    assert repr(Bulkhead(3, name="db")) == "<Bulkhead 'db' 0/3 waiting=0>"
