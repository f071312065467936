"""Trouble on purpose, by itself; `test_pipeline_ends` has it within a pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest

from viber.observability import ChaosInjected, Listeners
from viber.resilience import Chaos, ChaosFault, ChaosLatency, ChaosResult
from viber.resilience import _chaos as room
from viber.testing import EventRecorder, FakeClock

MakeChaos = Callable[..., Chaos]


async def work() -> str:
    return "done"


async def outcomes(chaos: Chaos, calls: int = 200) -> list[str]:
    return [await chaos.run(work) for _ in range(calls)]


@pytest.mark.parametrize(("rate", "disturbed"), [(0, 0), (0.0, 0), (1, 200), (1.0, 200)])
async def test_never_and_always_are_exact(rate: float, disturbed: int) -> None:
    """0 disturbs no call, and 1 every one."""
    assert (await outcomes(ChaosResult("no", rate=rate))).count("no") == disturbed


async def test_a_rate_is_a_share_of_the_calls() -> None:
    """About so many, by chance."""
    disturbed = (await outcomes(ChaosResult("no", rate=0.3, seed=1), 2000)).count("no")
    assert 500 < disturbed < 700


async def test_a_seed_disturbs_the_same_calls_again() -> None:
    """A run that failed can be repeated; another seed is another run."""
    first, again, other = (ChaosResult("no", rate=0.5, seed=seed) for seed in (7, 7, 8))
    assert await outcomes(first) == await outcomes(again)
    assert await outcomes(other) != await outcomes(ChaosResult("no", rate=0.5, seed=7))


async def test_what_others_draw_from_chance_changes_nothing() -> None:
    """Each policy has its own dice."""
    alone, beside, other = (ChaosResult("no", rate=0.5, seed=seed) for seed in (7, 7, 9))
    expected = await outcomes(alone, 50)
    found = []
    for _ in range(50):
        found.append(await beside.run(work))
        await other.run(work)
    assert found == expected


async def test_it_can_be_switched_off_and_on() -> None:
    """While it is off nothing happens, and no chance is drawn: then it goes on where it was."""
    chaos, expected = ChaosResult("no", rate=0.5, seed=7), ChaosResult("no", rate=0.5, seed=7)
    first = await outcomes(chaos, 20)
    chaos.enabled = False
    assert set(await outcomes(chaos)) == {"done"}
    chaos.enabled = True
    assert first + await outcomes(chaos, 20) == await outcomes(expected, 40)


async def test_it_can_be_made_switched_off() -> None:
    """For a game day that has not begun."""
    assert await ChaosFault(ValueError, rate=1.0, enabled=False).run(work) == "done"


async def test_latency_comes_before_the_call(clock: FakeClock) -> None:
    """The call is made all the same, later."""
    assert await ChaosLatency(2.5, rate=1.0, clock=clock).run(work) == "done"
    assert clock.now() == 2.5


async def test_latency_can_be_cancelled(clock: FakeClock) -> None:
    """It ends as a slow service would, and leaves no timer."""
    task = asyncio.create_task(ChaosLatency(2.5, rate=1.0, clock=clock).run(work))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert (task.cancelled(), clock.pending) == (True, 0)


async def test_a_fault_is_a_new_error_each_time() -> None:
    """One object raised twice would tell the story of both."""
    chaos = ChaosFault(lambda: ConnectionError("cut"), rate=1.0)
    errors = []
    for _ in range(2):
        with pytest.raises(ConnectionError, match="cut") as caught:
            await chaos.run(work)
        errors.append(caught.value)
    assert errors[0] is not errors[1]


@pytest.mark.parametrize("chaos", [ChaosFault(ValueError, rate=1.0), ChaosResult(0, rate=1.0)], ids=repr)
async def test_a_fault_or_a_result_makes_no_call(chaos: Chaos) -> None:
    """The service is not touched."""
    calls = 0

    async def count() -> None:
        nonlocal calls
        calls += 1

    await asyncio.gather(chaos.run(count), return_exceptions=True)
    assert calls == 0


async def test_a_result_is_the_very_value() -> None:
    """What is given is returned."""
    value: list[int] = []
    assert await ChaosResult(value, rate=1.0).run(work) is value


async def test_it_protects_a_function_of_any_arguments(clock: FakeClock) -> None:
    """The name stays, and the arguments are handed on, disturbed or not."""

    async def echo(*args: object, **kwargs: object) -> object:
        return args, kwargs

    for rate in (0.0, 1.0):
        chaos = ChaosLatency(1.0, rate=rate, clock=clock)
        protected = chaos.protect(echo)
        assert protected.__name__ == "echo"
        assert await protected(1, fn=2, self=3) == ((1,), {"fn": 2, "self": 3})
        assert await chaos.run(echo, fn=2) == ((), {"fn": 2})


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda **options: ChaosLatency(1.0, **options), "latency"),
        (lambda **options: ChaosFault(ValueError, **options), "fault"),
        (lambda **options: ChaosResult(0, **options), "result"),
    ],
    ids=["latency", "fault", "result"],
)
async def test_an_event_tells_of_each_disturbance(
    clock: FakeClock, recorder: EventRecorder, make: MakeChaos, kind: Any
) -> None:
    """Before it happens, and of which kind; of an undisturbed call there is nothing to tell."""
    options: dict[str, Any] = {"name": "quotes", "clock": clock, "listeners": Listeners(recorder)}
    await asyncio.gather(make(rate=1.0, **options).run(work), return_exceptions=True)
    await make(rate=0.0, **options).run(work)
    assert recorder.events == [ChaosInjected("quotes", kind, 0.0)]


async def test_no_event_is_built_when_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Observing costs nothing until somebody does."""
    monkeypatch.delattr(room, "ChaosInjected")
    assert await ChaosResult(0, rate=1.0).run(work) == 0


@pytest.mark.parametrize("rate", [-0.1, 1.1, nan, inf], ids=repr)
def test_a_rate_is_a_share(rate: float) -> None:
    """From 0 to 1, and the error names it."""
    with pytest.raises(ValueError, match="rate takes a share"):
        ChaosResult(0, rate=rate)


@pytest.mark.parametrize("seconds", [-1, nan, inf, None, True, "2"], ids=repr)
def test_a_latency_is_a_time(seconds: Any) -> None:
    """From 0 on; no limit makes no sense here."""
    with pytest.raises((TypeError, ValueError), match="seconds"):
        ChaosLatency(seconds, rate=1.0)


@pytest.mark.parametrize("error", [ValueError("an instance"), "ValueError", None], ids=repr)
def test_a_fault_is_made_anew(error: Any) -> None:
    """An object would be raised again and again: its class, or a function that makes one."""
    with pytest.raises(TypeError, match="its class, or a lambda"):
        ChaosFault(error, rate=1.0)


@pytest.mark.parametrize("rate", [0.0, 1.0])
@pytest.mark.parametrize("fn", [lambda: 42, 42], ids=["sync", "a-number"])
async def test_a_misuse_shows_itself(clock: FakeClock, fn: Any, rate: float) -> None:
    """Disturbed or not, what cannot be awaited is refused."""
    with pytest.raises(TypeError, match="coroutine function"):
        await ChaosLatency(1.0, rate=rate, clock=clock).run(fn)


@pytest.mark.parametrize(
    ("chaos", "text"),
    [
        (ChaosLatency(2.0, rate=0.1), "<ChaosLatency of 10%>"),
        (ChaosFault(ValueError, rate=1), "<ChaosFault of 100%>"),
        (ChaosResult(0, rate=0.5, enabled=False), "<ChaosResult of 50%, off>"),
    ],
)
def test_it_says_what_it_does(chaos: Chaos, text: str) -> None:
    """Kind and share, and whether it sleeps."""
    assert repr(chaos) == text
