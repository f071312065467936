"""Whoever cancels a call gets a cancelled call, and nothing of it is left anywhere."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viber.errors import BaseError, ServerError, TransportError
from viber.http import Request, Response, ResponseStream
from viber.machines import BreakerState, CircuitBreakerConfig, RetryConfig
from viber.observability import CallFinished, Listeners, RetryScheduled
from viber.resilience import Call, CircuitBreaker, Deadline, Pipeline
from viber.services import Channel
from viber.testing import Chunks, EventRecorder, Fail, FakeClock, Hang, Pause, Reply, ScriptedTransport

ASK = Request("GET", "http://db.test/rest/v1/orders")


def read(response: Response) -> bytes:
    if response.status >= 500:
        raise ServerError("the service failed", status=response.status)
    return response.body


async def start(stream: ResponseStream, attempt: Call) -> ResponseStream:
    await stream.read()
    return stream


class Scene:
    """A channel on a scripted transport, with a breaker, everything on one clock."""

    def __init__(
        self, clock: FakeClock, *, failure_threshold: int = 3, otherwise: Reply | None = None
    ) -> None:
        self.clock = clock
        self.recorder = EventRecorder()
        self.transport = ScriptedTransport(otherwise=otherwise, clock=clock)
        config = CircuitBreakerConfig(
            failure_threshold=failure_threshold, half_open_max_calls=1, monitor_window=1e6, reset_jitter=0
        )
        self.breaker = CircuitBreaker("db", config, clock=clock)
        self.channel = Channel(
            "db",
            self.transport,
            Pipeline(
                "db",
                retry=RetryConfig(max_attempts=3, initial_delay=2, jitter="none"),
                breaker=self.breaker,
                timeout=10,
                total_timeout=100,
                clock=clock,
                listeners=Listeners(self.recorder),
            ),
        )

    async def call(self) -> bytes:
        return await self.channel.call(ASK, read, operation="read", idempotent=True)

    async def stream(self) -> None:
        stream = await self.channel.open(ASK, start, operation="stream", idempotent=True)
        await stream.aclose()

    async def bounded(self) -> bytes:
        with Deadline(50, clock=self.clock):
            async with self.clock.timeout(60):
                return await self.call()

    def await_probe(self) -> None:
        """Let the next call be a probe."""
        while self.breaker.state is not BreakerState.OPEN:
            self.breaker.acquire().failure()
        self.clock.jump(self.breaker.config.reset_timeout)

    def left_behind(self) -> dict[str, int]:
        """Whatever somebody still holds."""
        held = {
            "requests": self.transport.in_flight,
            "streams": self.transport.open_streams,
            "timers": self.clock.pending,
            "probes": self.breaker.snapshot().probes,
            "calls": self.channel.gate._inside,
        }
        return {what: count for what, count in held.items() if count}

    def failures_seen(self) -> int:
        """Attempts that failed by themselves, as the events tell it."""
        retried = {id(event.error) for event in self.recorder.of(RetryScheduled)}
        ended = {id(event.error) for event in self.recorder.of(CallFinished) if is_failure(event.error)}
        return len(retried | ended)


def is_failure(error: BaseException | None) -> bool:
    return isinstance(error, BaseError) and error.attempts > 0


@dataclass(frozen=True)
class Point:
    """An await at which a call hangs."""

    script: tuple[Reply | Chunks | Fail | Hang, ...]
    run: Callable[[Scene], Awaitable[object]]
    failures: int = 0
    is_probe: bool = False


REFUSED = Fail(TransportError)
POINTS = {
    "attempt": Point((Hang(),), Scene.call),
    "slow answer": Point((Reply(delay=9),), Scene.call),
    "answer of a server that just failed": Point((Reply(503), Hang()), Scene.call, failures=1),
    "backoff": Point((REFUSED,), Scene.call, failures=1),
    "second backoff": Point((REFUSED, REFUSED), Scene.call, failures=2),
    "within a deadline": Point((REFUSED, Hang()), Scene.bounded, failures=1),
    "header fields of a stream": Point((Hang(),), Scene.stream),
    "first event of a stream": Point((Chunks([Hang()]),), Scene.stream),
    "pause before the first event": Point((Chunks([Pause(9), b"data"]),), Scene.stream),
    "probe": Point((Hang(),), Scene.call, is_probe=True),
    "stream as a probe": Point((Chunks([Hang()]),), Scene.stream, is_probe=True),
}


@pytest.fixture
def scene() -> Scene:
    return Scene(FakeClock())


async def hang_at(scene: Scene, point: Point) -> asyncio.Task[object]:
    """A task that runs up to the point, and no further."""
    scene.transport.add(*point.script)
    if point.is_probe:
        scene.await_probe()

    async def call() -> object:
        return await point.run(scene)

    task = asyncio.create_task(call())
    while len(scene.transport.requests) < len(point.script):
        await scene.clock.advance(0.5)
    return task


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
async def test_cancelled_call_leaves_nothing(scene: Scene, point: Point) -> None:
    """Wherever it hangs, a cancelled call ends as cancelled, and holds nothing."""
    task = await hang_at(scene, point)
    assert scene.left_behind(), "the call should be under way"
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert scene.left_behind() == {}


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
async def test_cancellation_is_no_news_to_the_breaker(scene: Scene, point: Point) -> None:
    """The failures before it stay counted; the cancellation is neither a failure nor a success."""
    task = await hang_at(scene, point)
    before = scene.breaker.snapshot()
    task.cancel()
    await asyncio.wait([task])
    after = scene.breaker.snapshot()
    assert (after.state, after.generation, after.successes) == (before.state, before.generation, 0)
    assert after.failures == point.failures


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
async def test_cancelled_call_is_not_repeated(scene: Scene, point: Point) -> None:
    """After a cancellation nothing more is sent, however long one waits."""
    task = await hang_at(scene, point)
    task.cancel()
    await asyncio.wait([task])
    await scene.clock.advance(1000)
    assert len(scene.transport.requests) == len(point.script)


async def test_cancelled_probe_gives_its_place_to_the_next(scene: Scene) -> None:
    """The place of a cancelled probe is free at once, and its successor closes the circuit."""
    task = await hang_at(scene, POINTS["probe"])
    task.cancel()
    await asyncio.wait([task])
    scene.transport.add(Reply(body=b"well"))
    assert await scene.call() == b"well"
    assert scene.breaker.state is BreakerState.CLOSED


async def test_callers_own_timeout_is_a_cancellation(scene: Scene) -> None:
    """An `asyncio` timeout around a call raises the builtin TimeoutError, and moves no breaker."""
    scene.transport.add(Hang())

    async def call() -> None:
        async with scene.clock.timeout(3):
            await scene.call()

    task = asyncio.create_task(call())
    await scene.clock.advance(3)
    with pytest.raises(TimeoutError) as caught:
        await task
    assert not isinstance(caught.value, BaseError)
    assert (scene.left_behind(), scene.breaker.snapshot().failures) == ({}, 0)


async def test_one_cancelled_call_does_not_disturb_the_others(scene: Scene) -> None:
    """Of many calls the cancelled ones end, and the others get their answers."""
    scene.transport.add(*[Reply(body=b"well", delay=5)] * 20)
    tasks = [asyncio.create_task(scene.call()) for _ in range(20)]
    await scene.clock.advance(1)
    for task in tasks[::2]:
        task.cancel()
    await scene.clock.advance(5)
    assert [task.cancelled() for task in tasks] == [True, False] * 10
    assert [await task for task in tasks[1::2]] == [b"well"] * 10
    assert scene.left_behind() == {}


MOMENTS = st.integers(1, 12)
LIMITS = st.none() | MOMENTS
ANSWERS = st.one_of(
    st.builds(Reply, st.sampled_from([200, 404, 503]), delay=MOMENTS),
    st.builds(Fail, st.just(TransportError), delay=MOMENTS),
    st.builds(Chunks, st.just([b"data", Hang()]), delay=MOMENTS),
    st.just(Hang()),
)


@dataclass(frozen=True)
class Plot:
    """What happens to a task whose calls stand under limits of several kinds, one within the other."""

    answers: list[Reply | Chunks | Fail | Hang]
    timeout: int | None
    total_timeout: int | None
    deadline: int | None
    outer: int | None
    cancelled_at: list[int]
    canceller_first: bool


PLOTS = st.builds(
    Plot,
    st.lists(ANSWERS, min_size=1, max_size=6),
    LIMITS,
    LIMITS,
    LIMITS,
    LIMITS,
    st.lists(MOMENTS, max_size=3),
    st.booleans(),
)


async def act(scene: Scene, plot: Plot) -> None:
    """Make calls, and go on after whatever ends them, but for a cancellation."""
    task = asyncio.current_task()
    assert task is not None
    scene.channel = scene.channel.with_options(timeout=plot.timeout, total_timeout=plot.total_timeout)
    for run in (scene.call, scene.stream, scene.call):
        with contextlib.suppress(BaseError, TimeoutError):
            async with scene.clock.timeout(plot.outer):
                with Deadline(plot.deadline, clock=scene.clock):
                    await run()
        assert task.cancelling() == 0, "a task that goes on was never told to stop, or forgot that it was"


async def tell(clock: FakeClock, victim: Callable[[], asyncio.Task[None]], moments: list[int]) -> int:
    """Cancel the task at these moments and at a late one; how often it was still there to be told."""
    told = 0
    for moment in [*sorted(moments), 500]:
        await clock.sleep(moment - clock.now())
        told += victim().cancel()
    return told


async def play(plot: Plot) -> None:
    scene = Scene(FakeClock(auto=True), failure_threshold=1000, otherwise=Reply())
    scene.transport.add(*plot.answers)
    tasks: dict[str, asyncio.Task[None]] = {}
    if plot.canceller_first:
        canceller = asyncio.create_task(tell(scene.clock, lambda: tasks["actor"], plot.cancelled_at))
    tasks["actor"] = actor = asyncio.create_task(act(scene, plot))
    if not plot.canceller_first:
        canceller = asyncio.create_task(tell(scene.clock, lambda: actor, plot.cancelled_at))
    await asyncio.wait([actor, canceller])
    assert actor.cancelled() == (canceller.result() > 0), "a cancellation was swallowed, or made up"
    if not actor.cancelled():
        actor.result()
    assert scene.left_behind() == {}
    assert scene.breaker.snapshot().failures == scene.failures_seen()


@settings(max_examples=400, deadline=None)
@given(PLOTS)
def test_cancellations_at_any_moment(plot: Plot) -> None:
    """Cancellations and timeouts, nested and in the same turn: none is swallowed or taken for another."""
    asyncio.run(play(plot))
