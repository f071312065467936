"""What a tracer is told of a call, by a tracer that writes it down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from viber.errors import CircuitOpenError, TransportError
from viber.machines import RetryConfig
from viber.observability import CircuitChanged, Event, Listeners, RequestTrace, Subject
from viber.resilience import Bulkhead, Call, CircuitBreaker, Pipeline
from viber.testing import FakeClock

Told = list[tuple[Any, ...]]


class Scribe:
    """A tracer and the trace of its only call."""

    def __init__(self, *, is_on: bool = True) -> None:
        self.told: Told = []
        self.is_on = is_on
        self.depth = 0

    @property
    def words(self) -> list[str]:
        return [word for word, *_ in self.told]

    def start(self, service: str, operation: str, request_id: str, subject: Subject | None) -> Scribe:
        self.told.append(("start", service, operation, request_id, subject))
        return self

    def tell(self, event: Event) -> None:
        self.told.append(("event", type(event), self.depth))

    def enter(self) -> None:
        self.depth += 1

    def leave(self) -> None:
        self.depth -= 1

    def request(self, method: str, url: str, attempt: int) -> RequestTrace:
        raise NotImplementedError

    def repeated(self, attempt: int, delay: float, error: Exception | None) -> None:
        self.told.append(("repeated", attempt, delay, error))

    def heard(self, answer: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def broke(self, error: BaseException) -> None:
        raise NotImplementedError

    def keep(self) -> Callable[[], None]:
        self.told.append(("keep",))
        return lambda: self.told.append(("kept no more",))

    def finish(self, attempts: int, error: BaseException | None) -> None:
        self.told.append(("finish", attempts, error, self.depth))


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


def pipeline(scribe: Scribe, **policies: Any) -> Pipeline:
    defaults = {"clock": FakeClock(auto=True), "retry": RetryConfig(jitter="none", initial_delay=1.0)}
    return Pipeline("quotes", listeners=Listeners(tracer=scribe), **(defaults | policies))


async def test_a_call_begins_and_ends_once(scribe: Scribe) -> None:
    """With what is known of it, and how many attempts it took."""

    async def fetch(call: Call) -> str:
        return f"at depth {scribe.depth}"

    subject = Subject("http://h/x")
    result = await pipeline(scribe).execute(fetch, operation="fetch", request_id="r-1", about=subject)
    assert result == "at depth 1"
    assert scribe.told == [("start", "quotes", "fetch", "r-1", subject), ("finish", 1, None, 1)]
    assert scribe.depth == 0


async def test_a_repetition_is_told_with_its_cause(scribe: Scribe) -> None:
    """And the call ends with the error that its caller gets."""
    error = TransportError("reset")

    async def fetch() -> None:
        raise error

    with pytest.raises(TransportError):
        await pipeline(scribe, idempotent=True, retry=RetryConfig(max_attempts=2, jitter="none")).run(fetch)
    assert scribe.told[1:] == [("repeated", 1, 1.0, error), ("finish", 2, error, 0)]
    assert scribe.depth == 0


async def test_what_happens_to_a_circuit_is_told_within_the_call(scribe: Scribe) -> None:
    """So that it can be told whose doing it was; a refusal too."""
    clock = FakeClock(auto=True)
    breaker = CircuitBreaker("quotes", clock=clock, listeners=Listeners(tracer=scribe))
    guarded = pipeline(scribe, breaker=breaker, clock=clock, retry=RetryConfig(max_attempts=1))

    async def fetch() -> None:
        raise ConnectionError

    for _ in range(5):
        with pytest.raises(ConnectionError):
            await guarded.run(fetch)
    with pytest.raises(CircuitOpenError):
        await guarded.run(fetch)
    events = [(kind, depth) for word, kind, *depth in scribe.told if word == "event"]
    assert events[0] == (CircuitChanged, [1])
    assert [depth for _, depth in events] == [[1], [1]]
    assert scribe.depth == 0


async def test_whoever_waits_for_a_turn_does_so_within_the_call(scribe: Scribe) -> None:
    """And a wait that is cancelled leaves nothing current behind."""
    bulkhead = Bulkhead(1)
    await bulkhead.acquire()
    waiting = asyncio.create_task(pipeline(scribe, bulkhead=bulkhead).run(asyncio.sleep, 0))
    await asyncio.sleep(0)
    assert scribe.depth == 1
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert scribe.depth == 0
    assert scribe.words == ["start", "finish"]
    bulkhead.release()


async def test_what_a_call_keeps_keeps_its_trace(scribe: Scribe) -> None:
    """A stream's trace goes on after the pipeline is done with it."""

    async def fetch(call: Call) -> Callable[[], None]:
        return call.keep_place()

    end = await pipeline(scribe, bulkhead=Bulkhead(1)).execute(fetch)
    assert scribe.words == ["start", "keep", "finish"]
    end()
    assert scribe.words[-1] == "kept no more"


async def test_a_tracer_that_is_off_is_told_nothing() -> None:
    """The call is an ordinary one."""
    scribe = Scribe(is_on=False)

    async def fetch(call: Call) -> bool:
        return call.trace is None

    assert await pipeline(scribe).execute(fetch)
    await pipeline(scribe).run(asyncio.sleep, 0)
    assert scribe.told == []


async def test_a_first_attempt_that_is_plain_becomes_no_traced_call(scribe: Scribe) -> None:
    """Who begins to record in the middle of a call misses that call, and nothing breaks."""
    scribe.is_on = False

    async def fetch() -> None:
        scribe.is_on = True
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await pipeline(scribe).run(fetch)
    assert scribe.told == []


async def test_a_call_that_is_thrown_away_ends(scribe: Scribe) -> None:
    """Whatever was current where it ran is left alone: that may be elsewhere."""

    async def fetch() -> None:
        await asyncio.get_running_loop().create_future()

    thrown = pipeline(scribe).run(fetch)
    thrown.send(None)
    thrown.close()
    assert scribe.words == ["start", "finish"]
    assert scribe.depth == 1
