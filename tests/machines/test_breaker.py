from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest

from viber.machines import (
    TRANSITIONS,
    Breaker,
    BreakerState,
    CircuitBreakerConfig,
    Grant,
    Rejection,
    Transition,
    Trigger,
    Verdict,
)

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
ISOLATED, DISABLED = BreakerState.ISOLATED, BreakerState.DISABLED
NOW = 60.0
"""An open circuit of this file may be probed from here on."""


@dataclass
class Scene:
    """A breaker in some state at `NOW`, a grant of this state if it gives any, and one of an older time."""

    breaker: Breaker
    current: Grant | None
    older: Grant


Act = Callable[[Scene], Transition | None]


def granted(answer: Grant | Rejection) -> Grant:
    assert isinstance(answer, Grant)
    return answer


def scene(state: BreakerState) -> Scene:
    """One failure opens this breaker, and one good probe closes it."""
    config = CircuitBreakerConfig(failure_threshold=1, success_threshold=1, reset_jitter=0)
    breaker = Breaker(config, rng=lambda: 0.0)
    older = granted(breaker.acquire(0))
    breaker.force(Trigger.RESET, 0)
    if state in (OPEN, HALF_OPEN):
        breaker.settle(granted(breaker.acquire(0)), Verdict.FAILURE, 0)
    if state in (ISOLATED, DISABLED):
        breaker.force(Trigger.ISOLATE if state is ISOLATED else Trigger.DISABLE, 0)
    current = None if state in (OPEN, ISOLATED) else granted(breaker.acquire(NOW))
    assert breaker.state is state
    return Scene(breaker, current, older)


def settle(verdict: Verdict, *, late: bool = False) -> Act:
    def act(on: Scene) -> Transition | None:
        grant = on.older if late else on.current
        return on.breaker.settle(grant, verdict, NOW) if grant else None

    return act


def interrupt(on: Scene) -> Transition | None:
    if on.current is None:
        return None
    on.breaker.settle(on.current, Verdict.SUCCESS, NOW)
    return on.breaker.interrupt(on.current, NOW)


def acquire(on: Scene) -> Transition | None:
    answer = on.breaker.acquire(NOW)
    return answer.change if isinstance(answer, Grant) else None


INPUTS: dict[str, Act] = {
    "acquire": acquire,
    "success": settle(Verdict.SUCCESS),
    "failure": settle(Verdict.FAILURE),
    "ignored": settle(Verdict.IGNORED),
    "interrupt": interrupt,
    "late-success": settle(Verdict.SUCCESS, late=True),
    "late-failure": settle(Verdict.FAILURE, late=True),
    "late-ignored": settle(Verdict.IGNORED, late=True),
    "late-interrupt": lambda on: on.breaker.interrupt(on.older, NOW),
    "reset": lambda on: on.breaker.force(Trigger.RESET, NOW),
    "isolate": lambda on: on.breaker.force(Trigger.ISOLATE, NOW),
    "disable": lambda on: on.breaker.force(Trigger.DISABLE, NOW),
}

MOVES: dict[tuple[BreakerState, str], tuple[BreakerState, Trigger]] = {
    (CLOSED, "failure"): (OPEN, Trigger.THRESHOLD),
    (CLOSED, "interrupt"): (OPEN, Trigger.THRESHOLD),
    (OPEN, "acquire"): (HALF_OPEN, Trigger.ELAPSED),
    (HALF_OPEN, "success"): (CLOSED, Trigger.RECOVERED),
    (HALF_OPEN, "failure"): (OPEN, Trigger.RELAPSED),
    (HALF_OPEN, "interrupt"): (OPEN, Trigger.THRESHOLD),  # its success had closed the circuit
    **{(state, "reset"): (CLOSED, Trigger.RESET) for state in BreakerState},
    **{(state, "isolate"): (ISOLATED, Trigger.ISOLATE) for state in BreakerState},
    **{(state, "disable"): (DISABLED, Trigger.DISABLE) for state in BreakerState},
}
"""All that moves a breaker; every other input leaves it where it is."""

each_input = pytest.mark.parametrize(
    ("state", "name"),
    [pytest.param(*pair, id=f"{pair[0]}-{pair[1]}") for pair in product(BreakerState, INPUTS)],
)


@each_input
def test_the_whole_table(state: BreakerState, name: str) -> None:
    """In each state each input leads where the table says, and tells what it changed; or changes nothing."""
    on = scene(state)
    change = INPUTS[name](on)
    after, trigger = MOVES.get((state, name), (state, None))
    assert on.breaker.state is after
    assert (change.trigger if change else None) is trigger


@each_input
def test_every_move_is_one_of_the_transitions(state: BreakerState, name: str) -> None:
    """There is no way from state to state but those in `TRANSITIONS`; each move begins a generation."""
    on = scene(state)
    before = on.breaker.snapshot(NOW).generation
    change = INPUTS[name](on)
    if change is not None:
        assert TRANSITIONS[change.before, change.trigger] is change.after
        assert change.at == NOW
    assert (on.breaker.snapshot(NOW).generation > before) == (change is not None)


def test_the_transitions_cannot_be_changed() -> None:
    """The table is a fact, not a setting."""
    with pytest.raises(TypeError):
        TRANSITIONS[CLOSED, Trigger.ELAPSED] = OPEN  # type: ignore[index]


@pytest.mark.parametrize("state", BreakerState)
def test_reading_changes_nothing(state: BreakerState) -> None:
    """A snapshot taken at whatever time leaves the breaker as it was."""
    on = scene(state)
    before = on.breaker.snapshot(NOW)
    for now in (0.0, NOW, NOW * 100):
        on.breaker.snapshot(now)
    assert (on.breaker.snapshot(NOW), on.breaker.state) == (before, state)


def test_an_isolated_breaker_knows_no_time() -> None:
    """What an operator holds open rejects for as long as he does, and cannot say for how long."""
    on = scene(ISOLATED)
    assert on.breaker.acquire(NOW * 1000) == Rejection(None)
    assert on.breaker.state is ISOLATED


def test_a_disabled_breaker_counts_and_never_rejects() -> None:
    """Failures are seen, and have no effect."""
    on = scene(DISABLED)
    for _ in range(5):
        on.breaker.settle(granted(on.breaker.acquire(NOW)), Verdict.FAILURE, NOW)
    assert on.breaker.snapshot(NOW).failures == 1  # as many as are needed to decide
    assert on.breaker.state is DISABLED


def test_a_reset_forgets_the_failures(
    make_breaker: Callable[..., Breaker], fail: Callable[..., object]
) -> None:
    """After a reset counting begins anew."""
    breaker = make_breaker(failure_threshold=3)
    fail(breaker, 0, times=2)
    breaker.force(Trigger.RESET, 0)
    assert breaker.snapshot(0).failures == 0
    assert fail(breaker, 0, times=2) is None
