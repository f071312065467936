from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import CircuitOpenError, NotFoundError
from viber.machines import BreakerState, CircuitBreakerConfig, Judgement, Trigger, Verdict
from viber.observability import CircuitChanged, Event, Listeners
from viber.resilience import CircuitBreaker
from viber.testing import EventRecorder, FakeClock

MakeBreaker = Callable[..., CircuitBreaker]


@pytest.fixture
def make_breaker(clock: FakeClock) -> MakeBreaker:
    """Two failures open it for 60 s; one probe at a time, and one good one closes it."""

    def make(*, listeners: Listeners | None = None, **config: Any) -> CircuitBreaker:
        small = {"failure_threshold": 2, "half_open_max_calls": 1, "reset_jitter": 0.0, **config}
        return CircuitBreaker("quotes", CircuitBreakerConfig(**small), clock=clock, listeners=listeners)

    return make


@pytest.fixture
def breaker(make_breaker: MakeBreaker) -> CircuitBreaker:
    return make_breaker()


async def boom() -> None:
    raise ConnectionResetError("boom")


async def fine(number: int, *, plus: int = 0) -> int:
    return number + plus


async def fail(breaker: CircuitBreaker, times: int = 2) -> None:
    for _ in range(times):
        with pytest.raises(ConnectionResetError):
            await breaker.run(boom)


async def test_run_passes_arguments_and_result(breaker: CircuitBreaker) -> None:
    """The function is awaited with its arguments, and its result comes back."""
    assert await breaker.run(fine, 1, plus=2) == 3


async def test_protect_makes_a_function_like_the_first(breaker: CircuitBreaker) -> None:
    """A protected function keeps its name and its arguments."""
    protected = breaker.protect(fine)
    assert protected.__name__ == "fine"
    assert await protected(1, plus=2) == 3


async def test_an_open_circuit_does_not_touch_the_service(breaker: CircuitBreaker) -> None:
    """While open, calls are rejected without the function being called."""
    await fail(breaker)
    with pytest.raises(CircuitOpenError) as caught:
        await breaker.run(pytest.fail, "the service was called")
    assert (caught.value.service, caught.value.retry_after) == ("quotes", 60.0)


async def test_the_tripping_call_raises_its_own_error(breaker: CircuitBreaker) -> None:
    """The call whose failure opens the circuit shows what really happened."""
    await fail(breaker, times=1)
    with pytest.raises(ConnectionResetError, match="boom"):
        await breaker.run(boom)
    assert breaker.state is BreakerState.OPEN


async def test_a_failed_probe_raises_its_own_error_and_reopens(
    breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """A probe that fails shows what really happened, and the circuit is open for a full period."""
    await fail(breaker)
    clock.jump(60)
    await fail(breaker, times=1)
    assert (breaker.state, breaker.snapshot().retry_after) == (BreakerState.OPEN, 60.0)


async def test_a_good_probe_closes(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """The circuit finds out by itself that the service is well again."""
    await fail(breaker)
    clock.jump(60)
    assert await breaker.run(fine, 1) == 1
    assert breaker.state is BreakerState.CLOSED


async def test_an_answer_that_is_an_error_is_a_success(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """A service that answers 404 is up: the probe closes the circuit."""
    await fail(breaker)
    clock.jump(60)
    with pytest.raises(NotFoundError), breaker.acquire():
        raise NotFoundError("no such quote")
    assert breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize("stop", [asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_a_probe_that_was_stopped_gives_its_place_back(
    breaker: CircuitBreaker, clock: FakeClock, stop: type[BaseException]
) -> None:
    """Whatever ends a probe without saying anything of the service, the next caller may probe."""
    await fail(breaker)
    clock.jump(60)
    with pytest.raises(stop), breaker.acquire():
        raise stop
    assert breaker.state is BreakerState.HALF_OPEN
    assert await breaker.run(fine, 1) == 1


async def test_cancelled_calls_are_not_failures(breaker: CircuitBreaker) -> None:
    """Cancellation neither opens a circuit nor clears what was counted."""
    await fail(breaker, times=1)
    for _ in range(10):
        task = asyncio.create_task(breaker.run(asyncio.Event().wait))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert breaker.snapshot().failures == 1
    assert breaker.state is BreakerState.CLOSED


async def test_each_rejection_is_a_fresh_exception(breaker: CircuitBreaker) -> None:
    """Rejections share nothing: the traceback of the last is as short as that of the first."""
    await fail(breaker)
    seen: list[CircuitOpenError] = []
    for _ in range(50):
        with pytest.raises(CircuitOpenError) as caught:
            await breaker.run(boom)
        seen.append(caught.value)
    assert len({id(error) for error in seen}) == 50
    assert len({_depth(error) for error in seen}) == 1


def _depth(error: BaseException) -> int:
    trace, depth = error.__traceback__, 0
    while trace is not None:
        trace, depth = trace.tb_next, depth + 1
    return depth


async def test_reading_state_changes_nothing(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """Long after the open time the state is still OPEN, until a call comes."""
    await fail(breaker)
    clock.jump(3600)
    for _ in range(3):
        assert (breaker.state, breaker.snapshot().state) == (BreakerState.OPEN, BreakerState.OPEN)
    assert breaker.snapshot().probes == 0


async def test_the_wall_clock_does_not_matter(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """A jump of the wall clock, forward or back, neither ends nor lengthens the open time."""
    await fail(breaker)
    for epoch in (0.0, 1e12):
        clock.set_wall(epoch)
        assert breaker.snapshot().retry_after == 60
    clock.jump(60)
    assert await breaker.run(fine, 1) == 1


async def test_an_operator_holds_it_open_until_reset(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """Isolated stays isolated, whatever time passes, and knows no time to come back."""
    breaker.isolate()
    clock.jump(1e6)
    with pytest.raises(CircuitOpenError) as caught:
        await breaker.run(fine, 1)
    assert caught.value.retry_after is None
    breaker.reset()
    assert await breaker.run(fine, 1) == 1


async def test_an_operator_holds_it_closed_until_reset(breaker: CircuitBreaker) -> None:
    """Disabled, it counts and never rejects."""
    breaker.disable()
    await fail(breaker, times=20)
    assert breaker.state is BreakerState.DISABLED
    breaker.reset()
    await fail(breaker)
    assert breaker.state is BreakerState.OPEN


async def test_every_move_is_told(
    make_breaker: MakeBreaker, recorder: EventRecorder, clock: FakeClock
) -> None:
    """Each change of state is one event with its reason and its time."""
    breaker = make_breaker(listeners=Listeners(recorder))
    await fail(breaker)
    clock.jump(60)
    await breaker.run(fine, 1)
    for force in (breaker.isolate, breaker.disable, breaker.reset):
        force()
    moves = [(event.trigger, event.at) for event in recorder.of(CircuitChanged)]
    assert moves == [
        (Trigger.THRESHOLD, 0.0),
        (Trigger.ELAPSED, 60.0),
        (Trigger.RECOVERED, 60.0),
        (Trigger.ISOLATE, 60.0),
        (Trigger.DISABLE, 60.0),
        (Trigger.RESET, 60.0),
    ]


async def test_a_listener_sees_the_settled_state(make_breaker: MakeBreaker) -> None:
    """When listeners are told, the breaker has moved already."""
    breaker = make_breaker()
    seen: list[tuple[BreakerState, BreakerState]] = []

    def look(event: Event) -> None:
        assert isinstance(event, CircuitChanged)
        seen.append((event.after, breaker.state))

    breaker.listeners.add(look)
    await fail(breaker)
    breaker.reset()
    assert seen == [(BreakerState.OPEN, BreakerState.OPEN), (BreakerState.CLOSED, BreakerState.CLOSED)]


async def test_a_broken_listener_stops_nothing(
    make_breaker: MakeBreaker, caplog: pytest.LogCaptureFixture
) -> None:
    """A listener that raises replaces no error, loses no result and stops no transition."""

    def broken(event: Event) -> None:
        raise ValueError("listener out of order")

    breaker = make_breaker(listeners=Listeners(broken))
    await fail(breaker)
    assert breaker.state is BreakerState.OPEN
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_listener_may_call_the_breaker_again(make_breaker: MakeBreaker) -> None:
    """No lock is held while listeners are told."""
    breaker = make_breaker()

    def isolate_when_open(event: Event) -> None:
        if isinstance(event, CircuitChanged) and event.after is BreakerState.OPEN:
            breaker.isolate()

    breaker.listeners.add(isolate_when_open)
    await fail(breaker)
    assert breaker.state is BreakerState.ISOLATED


async def test_classify_decides_what_an_exception_means(clock: FakeClock) -> None:
    """The breaker of a foreign function can be told what its exceptions say."""
    breaker = CircuitBreaker(
        "quotes",
        CircuitBreakerConfig(failure_threshold=1),
        clock=clock,
        classify=lambda _: Judgement(Verdict.IGNORED),
    )
    await fail(breaker, times=5)
    assert breaker.state is BreakerState.CLOSED


def test_a_repr_names_the_circuit_and_its_state(breaker: CircuitBreaker) -> None:
    """A repr says which and how it stands."""
    assert repr(breaker) == "<CircuitBreaker 'quotes' closed>"


async def test_a_coroutine_object_is_no_news_of_the_service() -> None:
    """Whoever passes a coroutine instead of its function is told so in any state; nothing is counted."""
    breaker = CircuitBreaker("quotes", CircuitBreakerConfig(failure_threshold=1))
    for state in (BreakerState.CLOSED, BreakerState.ISOLATED):
        with pytest.raises(TypeError, match="pass the function and its arguments"):
            await breaker.run(asyncio.sleep(0))
        assert breaker.state is state
        breaker.isolate()


async def test_a_keyword_may_be_called_fn() -> None:
    """The function's own keywords are its own."""

    async def named(*, fn: str) -> str:
        return fn

    assert await CircuitBreaker("quotes").run(named, fn="mine") == "mine"
