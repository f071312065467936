from __future__ import annotations

import pytest

from viber.errors import CircuitOpenError, ServerError
from viber.machines import BreakerState, CircuitBreakerConfig, Judgement, Verdict
from viber.resilience import CircuitBreaker
from viber.testing import FakeClock


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    """One failure opens it; one good probe closes it."""
    config = CircuitBreakerConfig(failure_threshold=1, success_threshold=1, reset_jitter=0)
    return CircuitBreaker("quotes", config, clock=clock)


def test_a_block_that_ends_well_is_a_success(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """Nothing leaves the block: the probe closes the circuit."""
    breaker.acquire().failure()
    clock.jump(60)
    with breaker.acquire():
        pass
    assert breaker.state is BreakerState.CLOSED


def test_what_leaves_the_block_is_classified(breaker: CircuitBreaker) -> None:
    """An error that speaks of an ill service is a failure, with the wait it asked for; the error goes on."""
    with pytest.raises(ServerError), breaker.acquire():
        raise ServerError("overloaded", retry_after=120.0)
    assert breaker.snapshot().retry_after == 120


@pytest.mark.parametrize(
    ("verdict", "after"),
    [
        (Verdict.SUCCESS, BreakerState.CLOSED),
        (Verdict.FAILURE, BreakerState.OPEN),
        (Verdict.IGNORED, BreakerState.CLOSED),
    ],
)
def test_a_permit_settled_by_hand_is_not_classified_again(
    breaker: CircuitBreaker, verdict: Verdict, after: BreakerState
) -> None:
    """What the holder said stands, whatever leaves the block afterwards."""
    permit = breaker.acquire()
    permit.settle(verdict)
    with pytest.raises(ServerError), permit:
        raise ServerError("too late to count")
    assert breaker.state is after


def test_a_failure_may_say_how_long_to_wait(breaker: CircuitBreaker) -> None:
    """Settling by hand passes on what the service asked for."""
    breaker.acquire().failure(retry_after=300.0)
    assert breaker.snapshot().retry_after == 300


def test_settling_twice_is_an_error(breaker: CircuitBreaker) -> None:
    """One call has one outcome."""
    permit = breaker.acquire()
    permit.success()
    with pytest.raises(RuntimeError, match="settled already"):
        permit.failure()
    assert breaker.state is BreakerState.CLOSED


def test_a_permit_knows_its_generation(breaker: CircuitBreaker) -> None:
    """Permits of different stays in a state can be told apart."""
    first = breaker.acquire()
    breaker.reset()
    assert breaker.acquire().generation == first.generation + 1


def test_a_permit_of_an_older_generation_moves_nothing(breaker: CircuitBreaker) -> None:
    """Its result is taken without complaint, and without effect."""
    late = breaker.acquire()
    breaker.reset()
    late.failure()
    assert breaker.state is BreakerState.CLOSED


def test_an_interruption_after_success_is_a_failure(breaker: CircuitBreaker) -> None:
    """A stream that had begun well and broke says that the service is not well."""
    permit = breaker.acquire()
    permit.success()
    permit.interrupted()
    assert breaker.state is BreakerState.OPEN


def test_an_interruption_without_success_takes_nothing_back(breaker: CircuitBreaker) -> None:
    """What was not counted as a success cannot break."""
    permit = breaker.acquire()
    permit.interrupted()
    permit.ignore()
    permit.interrupted()
    assert breaker.state is BreakerState.CLOSED


def test_a_lease_keeps_a_probe_s_place_for_longer(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """A probe that may take longer than usual is waited for."""
    breaker.acquire().failure()
    clock.jump(60)
    for _ in range(3):
        breaker.acquire(lease=100.0)
    clock.jump(99)
    with pytest.raises(CircuitOpenError):
        breaker.acquire()
    clock.jump(1)
    breaker.acquire()


def test_a_repr_says_how_it_stands(breaker: CircuitBreaker) -> None:
    """A permit shows its circuit, its generation and its outcome."""
    permit = breaker.acquire()
    assert repr(permit) == "<Permit of 'quotes', generation 0, out>"
    permit.success()
    assert repr(permit) == "<Permit of 'quotes', generation 0, success>"


def test_a_classifier_that_raises_keeps_no_place(clock: FakeClock) -> None:
    """A defect in `classify` is raised as it is, and the probe gives its place back."""

    def classify(error: BaseException) -> Judgement:
        raise LookupError("a defect")

    config = CircuitBreakerConfig(failure_threshold=1, half_open_max_calls=1)
    breaker = CircuitBreaker("quotes", config, clock=clock, classify=classify)
    breaker.acquire().failure()
    clock.jump(66)
    with pytest.raises(LookupError), breaker.acquire():
        raise ServerError("overloaded")
    assert breaker.snapshot().probes == 0
