"""Hours in milliseconds."""

from math import inf
from typing import Any

import pytest

from viber.errors import RateLimitError, ServerError
from viber.machines import BreakerState, CircuitBreakerConfig, RateLimit, RetryConfig, Trigger
from viber.resilience import Bulkhead, ChaosLatency, CircuitBreaker, Pipeline, RateLimiter
from viber.testing import Errors, Outage, Outcome, Slow, Timeline, simulate

ONCE = RetryConfig(max_attempts=1)
STEADY = CircuitBreakerConfig(reset_timeout=30.0, reset_jitter=0.0)


def pipeline(**policies: Any) -> Pipeline:
    return Pipeline(**{"timeout": 2.0, "retry": ONCE, "idempotent": True} | policies)


def guarded(config: CircuitBreakerConfig = STEADY) -> Pipeline:
    return pipeline(breaker=CircuitBreaker(config=config))


def states(timeline: Timeline) -> list[tuple[float, str]]:
    return [(change.at, change.after.value) for change in timeline.transitions]


def test_even_traffic_comes_at_even_moments() -> None:
    """So many calls a second, from 0 on, and none at the end."""
    assert list(simulate(pipeline(), rate=4, duration=1).called) == [0.0, 0.25, 0.5, 0.75]


def test_random_traffic_has_its_rate_and_its_seed() -> None:
    """Poisson traffic is as dense as asked for, uneven, and the same for the same seed."""
    first, again, other = (
        simulate(pipeline(), rate=2.0, duration=5000.0, arrivals="poisson", seed=seed) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert first.calls == pytest.approx(10_000, rel=0.05)
    gaps = {round(later - sooner, 3) for sooner, later in zip(first.called, first.called[1:], strict=False)}
    assert len(gaps) > 1000


def test_chance_in_the_service_and_the_client_has_a_seed() -> None:
    """Errors by a rate and jitter are the same for the same seed."""
    retrying = pipeline(retry=RetryConfig())
    lives = [
        simulate(retrying, [Errors(0, 50, rate=0.5)], rate=1.0, duration=100.0, seed=seed)
        for seed in (7, 7, 8)
    ]
    assert lives[0] == lives[1] != lives[2]


def test_an_outage_opens_the_circuit_and_its_end_closes_it() -> None:
    """Five failures open it, each relapse waits for a whole period, three good probes close it."""
    timeline = simulate(guarded(), [Outage(600, 660)], rate=1.0, duration=1000.0)
    assert states(timeline) == [
        (604.0, "open"),
        (634.0, "half_open"),
        (634.0, "open"),
        (664.0, "half_open"),
        (666.05, "closed"),
    ]
    assert timeline.transitions[0].trigger is Trigger.THRESHOLD
    assert (timeline.failures, timeline.rejections) == (6, 58)
    assert timeline.time_to_recover(after=660.0) == pytest.approx(6.05)


def test_every_call_ends_in_one_way() -> None:
    """Calls are successes, failures and rejections; attempts that brought no success are wasted."""
    retrying = pipeline(retry=RetryConfig(), breaker=CircuitBreaker(config=STEADY))
    timeline = simulate(retrying, [Errors(0, 3000, rate=0.3)], rate=2.0, duration=3600.0)
    assert min(timeline.successes, timeline.failures, timeline.rejections) > 0
    assert timeline.calls == timeline.successes + timeline.failures + timeline.rejections
    assert timeline.attempts == timeline.successes + timeline.wasted
    assert timeline.unfinished == 0


def test_series_are_the_same_in_slices() -> None:
    """Slices follow each other, and their sums are the whole."""
    timeline = simulate(guarded(), [Outage(600, 900)], rate=1.0, duration=1200.0)
    slices = timeline.series(60.0)
    assert [piece.start for piece in slices] == [60.0 * turn for turn in range(20)]
    assert sum(piece.attempts for piece in slices) == timeline.attempts
    assert sum(piece.successes for piece in slices) == timeline.successes
    assert sum(piece.rejections for piece in slices) == timeline.rejections
    assert (slices[9].failures, slices[10].failures, slices[12].rejections) == (0, 6, 58)


def test_what_ends_late_has_a_slice_too() -> None:
    """A call may end after the last one was made."""
    timeline = simulate(pipeline(timeout=None), latency=25.0, rate=1.0, duration=10.0)
    assert [piece.successes for piece in timeline.series(10.0)] == [0, 0, 5, 5]


def test_a_rate_limit_holds_in_the_worst_window() -> None:
    """However the calls come, no window sees more attempts than the limit, and one sees as many."""
    limited = pipeline(limiter=RateLimiter(RateLimit(requests=50, per=60.0)), total_timeout=30.0)
    timeline = simulate(limited, rate=1.0, duration=3600.0, arrivals="poisson")
    assert timeline.worst_window(60.0) == 50
    assert timeline.rejections > 0


def test_tokens_count_where_a_limit_counts_them() -> None:
    """Each call weighs what it is said to weigh."""
    limited = pipeline(limiter=RateLimiter(RateLimit(tokens=1000, per=10.0)))
    assert simulate(limited, rate=1.0, duration=60.0, tokens=250).worst_window(10.0) == 4


def test_a_service_that_asks_for_rest_gets_it() -> None:
    """A server's delay holds back all calls of its limiter."""
    limited = pipeline(limiter=RateLimiter(RateLimit(requests=100, per=1.0)))
    asking = Outage(10.0, 10.5, error=RateLimitError("slow down", retry_after=5.0))
    timeline = simulate(limited, [asking], rate=1.0, duration=60.0)
    assert not [moment for moment in timeline.sent if 10 < moment < 15]


def test_a_bulkhead_holds() -> None:
    """No more attempts are under way than it has places."""
    loads: set[int] = set()

    def service(now: float, load: int) -> Outcome:
        loads.add(load)
        return Outcome(latency=1.5)

    timeline = simulate(pipeline(bulkhead=Bulkhead(3, max_queue=2)), service, rate=10.0, duration=30.0)
    assert loads == {1, 2, 3}
    assert timeline.rejections > 0


def test_a_service_may_be_a_function_of_its_load() -> None:
    """What fails under load fails under load."""

    def brittle(now: float, load: int) -> Outcome:
        return Outcome(0.5 * load, error=ServerError("too much") if load > 2 else None)

    assert simulate(pipeline(), brittle, rate=1.0, duration=60.0).failures == 0
    assert simulate(pipeline(), brittle, rate=5.0, duration=60.0).failures > 0


def test_what_nothing_bounds_never_ends() -> None:
    """Without a timeout a call to a service that hangs is unfinished; with one it fails in time."""
    hang = [Outage(0, 5, latency=inf)]
    timeline = simulate(pipeline(timeout=None), hang, rate=1.0, duration=10.0)
    assert (timeline.unfinished, timeline.successes) == (5, 5)
    assert "5 never ended" in str(timeline)
    assert list(simulate(pipeline(), hang, rate=1.0, duration=2.0).failed) == [2.0, 3.0]


def test_a_timeout_wins_against_an_answer_of_the_same_moment() -> None:
    """As it does in a pipeline on a fake clock."""
    assert simulate(pipeline(), latency=2.0, rate=1.0, duration=1.0).failures == 1


def test_faults_of_the_same_time_strike_together() -> None:
    """A slow service may also fail."""
    faults = [Slow(0, 10, latency=1.0), Errors(0, 10, rate=1.0)]
    assert list(simulate(pipeline(), faults, rate=1.0, duration=1.0).failed) == [1.0]


def test_a_service_that_stays_down_never_recovers() -> None:
    """There is no time to recover then; before it went down there was none to lose."""
    timeline = simulate(guarded(), [Outage(60, 1000)], rate=1.0, duration=120.0)
    assert timeline.time_to_recover(after=70.0) is None
    assert timeline.time_to_recover(after=10.0) == pytest.approx(0.05)


def test_recovered_means_a_success_in_a_closed_circuit() -> None:
    """The first good probe is not yet the end of it."""
    timeline = simulate(guarded(), [Outage(0, 20)], rate=1.0, duration=60.0)
    first, last = (moment for moment, state in states(timeline) if state in ("half_open", "closed"))
    assert (timeline.state_at(0.0), timeline.state_at(first)) == (BreakerState.CLOSED, BreakerState.HALF_OPEN)
    assert timeline.time_to_recover(after=20.0) == pytest.approx(last - 20)


def test_the_pipeline_is_left_alone() -> None:
    """Its own circuit and limiter know nothing of what was simulated with their configuration."""
    limiter = RateLimiter(RateLimit(requests=10, per=1.0))
    breaker = CircuitBreaker(config=CircuitBreakerConfig(failure_threshold=1))
    simulate(pipeline(breaker=breaker, limiter=limiter), [Outage(0, 60)], rate=1.0, duration=60.0)
    assert breaker.state is BreakerState.CLOSED
    assert limiter.status().limits[0].used == 0


def test_a_timeline_tells_its_story() -> None:
    """The text has the counts and what the circuit did, the repr the counts."""
    timeline = simulate(guarded(), [Outage(600, 660)], rate=1.0, duration=1000.0)
    assert str(timeline).splitlines()[:3] == [
        "1000 calls in 1000 s: 936 succeeded, 6 failed, 58 were turned away",
        "942 attempts, 6 of them wasted",
        "     604.0 s  closed → open: failure threshold reached",
    ]
    assert repr(timeline) == "<Timeline calls=1000 successes=936 attempts=942>"


@pytest.mark.parametrize(
    "numbers", [{"rate": 0.0}, {"duration": inf}, {"latency": -1.0}, {"arrivals": "bursts"}], ids=str
)
def test_impossible_traffic_is_refused(numbers: dict[str, Any]) -> None:
    """The number that is out of range is named."""
    with pytest.raises(ValueError, match=next(iter(numbers))):
        simulate(pipeline(), **{"rate": 1.0, "duration": 1.0} | numbers)


@pytest.mark.parametrize(
    ("kind", "values"),
    [(Outage, (5, 5)), (Outage, (-1, 5)), (Slow, (0, 1, -1.0)), (Errors, (0, 1, 1.5))],
    ids=["no-time", "before-time", "negative", "above-1"],
)
def test_impossible_faults_are_refused(kind: type, values: tuple[float, ...]) -> None:
    """Where they are written, not where they strike."""
    with pytest.raises(ValueError, match="from 0"):
        kind(*values)


def test_policies_that_need_results_are_refused() -> None:
    """Leaving them out silently would make the timeline a lie."""
    for policies in ({"chaos": [ChaosLatency(1.0, rate=0.5)]}, {"classify_result": lambda _: None}):
        with pytest.raises(ValueError, match="no results"):
            simulate(pipeline(**policies), rate=1.0, duration=1.0)


def test_only_a_pipeline_is_simulated() -> None:
    """A breaker alone has nothing to retry or to bound."""
    breaker: Any = CircuitBreaker()
    with pytest.raises(TypeError, match="takes a Pipeline, not 'CircuitBreaker'"):
        simulate(breaker, rate=1.0, duration=1.0)
