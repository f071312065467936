from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import ConfigurationError
from viber.machines import Judgement, RetryBudget, RetryConfig, Stop, Verdict, decide

PASSING = Judgement(Verdict.FAILURE, retryable=True)
STEADY = RetryConfig(jitter="none")


def step(
    judgement: Judgement = PASSING,
    config: RetryConfig = STEADY,
    *,
    attempt: int = 1,
    idempotent: bool = True,
    remaining: float | None = None,
    chance: float = 0.5,
    budget: RetryBudget | None = None,
) -> float | Stop:
    return decide(
        config,
        judgement,
        attempt=attempt,
        idempotent=idempotent,
        remaining=remaining,
        rng=lambda: chance,
        budget=budget,
    )


def asking(seconds: float) -> Judgement:
    return Judgement(Verdict.IGNORED, retryable=True, safe=True, retry_after=seconds)


def test_an_error_that_will_not_pass_is_not_repeated() -> None:
    """Not retryable is not retryable, however safe repeating were."""
    assert step(Judgement(Verdict.FAILURE, safe=True)) is Stop.NOT_RETRYABLE


def test_what_is_not_idempotent_is_not_repeated() -> None:
    """When the server may have acted, only an idempotent operation is repeated."""
    assert step(idempotent=False) is Stop.UNSAFE


def test_what_cannot_have_acted_is_repeated() -> None:
    """Not sent, or not applied: safe whatever the operation."""
    assert step(Judgement(Verdict.FAILURE, retryable=True, safe=True), idempotent=False) == 1.0


@pytest.mark.parametrize(("attempt", "outcome"), [(1, 1.0), (2, 2.0), (3, Stop.ATTEMPTS), (4, Stop.ATTEMPTS)])
def test_max_attempts_counts_attempts(attempt: int, outcome: float | Stop) -> None:
    """Three attempts are two repetitions, waiting longer each time."""
    assert step(attempt=attempt) == outcome


def test_one_attempt_is_no_retry() -> None:
    """1 means that nothing is repeated."""
    assert step(config=RetryConfig(max_attempts=1)) is Stop.ATTEMPTS


def test_no_attempts_is_a_configuration_error() -> None:
    """0 attempts would mean that nothing is ever called."""
    with pytest.raises(ConfigurationError, match="max_attempts"):
        RetryConfig(max_attempts=0)


@pytest.mark.parametrize(
    "fields",
    [
        {"initial_delay": -1},
        {"multiplier": 0.5},
        {"max_delay": 0},
        {"jitter": "some"},
        {"retryable_statuses": {99}},
        {"max_retry_after": -1},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_nonsense_is_refused(fields: dict[str, object]) -> None:
    """A number that could not work is a configuration error that names the setting."""
    with pytest.raises(ConfigurationError, match=next(iter(fields))):
        RetryConfig(**fields)


@pytest.mark.parametrize(
    ("asked", "delay"), [pytest.param(0.25, 1.0, id="shorter"), pytest.param(7.5, 7.5, id="longer")]
)
def test_the_longer_of_schedule_and_server_counts(asked: float, delay: float) -> None:
    """The server may ask for more patience, and never for less."""
    assert step(asking(asked)) == delay


def test_the_server_may_ask_for_more_than_max_delay() -> None:
    """`max_delay` bounds the schedule; what the server asks for is bounded by `max_retry_after`."""
    assert step(asking(60.0)) == 60.0


def test_a_server_that_asks_for_too_much_is_not_waited_for() -> None:
    """Above `max_retry_after` the error is raised at once."""
    assert step(asking(60.1)) is Stop.SERVER_DELAY


@pytest.mark.parametrize(
    ("remaining", "outcome"),
    [(None, 1.0), (1.5, 1.0), (1.0, Stop.DEADLINE), (0.5, Stop.DEADLINE), (0.0, Stop.DEADLINE)],
)
def test_no_wait_that_leaves_no_time(remaining: float | None, outcome: float | Stop) -> None:
    """If the next attempt could not start in time there is none, and no wait either."""
    assert step(remaining=remaining) == outcome


def test_the_schedule_is_capped() -> None:
    """No wait of ours is longer than `max_delay`."""
    config = RetryConfig(max_attempts=100, jitter="none", max_delay=5.0)
    assert [step(config=config, attempt=n) for n in (1, 2, 3, 4, 99)] == [1.0, 2.0, 4.0, 5.0, 5.0]


@pytest.mark.parametrize(("jitter", "delay"), [("full", 0.5), ("equal", 0.75), ("none", 1.0)])
def test_the_schedule_is_spread_by_chance(jitter: str, delay: float) -> None:
    """Jitter keeps many callers from coming back together."""
    assert step(config=RetryConfig.model_validate({"jitter": jitter})) == delay


@given(
    attempt=st.integers(1, 10**6),
    asked=st.none() | st.floats(0, 1e4),
    remaining=st.none() | st.floats(0, 1e4),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_every_delay_is_bounded(
    attempt: int, asked: float | None, remaining: float | None, chance: float
) -> None:
    """A delay never exceeds `max_delay` or the server's wish, and always leaves time for the attempt."""
    config = RetryConfig(max_attempts=10**6 + 1)
    judgement = Judgement(Verdict.FAILURE, retryable=True, retry_after=asked)
    outcome = step(judgement, config, attempt=attempt, remaining=remaining, chance=chance)
    if not isinstance(outcome, Stop):
        assert (asked or 0) <= outcome <= max(config.max_delay, asked or 0) <= 60
        assert remaining is None or outcome < remaining


def test_the_defaults() -> None:
    """Three attempts, one second and then two, spread over the whole."""
    config = RetryConfig()
    assert (config.max_attempts, config.initial_delay, config.multiplier) == (3, 1.0, 2.0)
    assert (config.max_delay, config.jitter, config.max_retry_after) == (30.0, "full", 60.0)
    assert config.retryable_statuses == {408, 429, 500, 502, 503, 504}


def test_the_presets() -> None:
    """Aggressive tries more often than usual, conservative less."""
    aggressive, conservative = RetryConfig.aggressive(), RetryConfig.conservative()
    assert conservative.max_attempts < RetryConfig().max_attempts < aggressive.max_attempts


def test_the_budget_pays_for_each_retry() -> None:
    """When it is spent, the error is raised although there were attempts and time left."""
    budget = RetryConfig(budget_ratio=0.1, budget_minimum=2).budget()
    assert [step(budget=budget) for _ in range(3)] == [1.0, 1.0, Stop.BUDGET]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"judgement": Judgement(Verdict.FAILURE)}, Stop.NOT_RETRYABLE),
        ({"idempotent": False}, Stop.UNSAFE),
        ({"attempt": 3}, Stop.ATTEMPTS),
        ({"judgement": asking(61.0)}, Stop.SERVER_DELAY),
        ({"remaining": 0.5}, Stop.DEADLINE),
    ],
    ids=["not-retryable", "unsafe", "attempts", "server-delay", "deadline"],
)
def test_the_budget_is_asked_last(arguments: dict[str, Any], reason: Stop) -> None:
    """What would not be repeated anyhow takes nothing of it."""
    budget = RetryConfig(budget_minimum=1).budget()
    assert step(budget=budget, **arguments) is reason
    assert step(budget=budget) == 1.0


def test_the_budget_has_the_size_of_its_configuration() -> None:
    """A share of the calls, a minimum, or no limit at all."""
    budget = RetryConfig(budget_ratio=0.5, budget_minimum=4).budget()
    assert "50% of the calls, at least 4" in repr(budget)
    assert RetryConfig(budget_ratio=None).budget() is None


@pytest.mark.parametrize(
    "fields",
    [{"budget_ratio": 1.5}, {"budget_ratio": -0.1}, {"budget_minimum": -1}],
    ids=repr,
)
def test_a_budget_that_makes_no_sense_is_refused(fields: dict[str, float]) -> None:
    """Neither more retries than calls nor fewer than none."""
    with pytest.raises(ConfigurationError, match=next(iter(fields))):
        RetryConfig(**fields)


def test_every_reason_is_a_sentence_of_its_own() -> None:
    """The notes on an error tell them apart."""
    texts = {stop.value for stop in Stop}
    assert len(texts) == len(Stop)
    assert all(len(text) > 10 for text in texts)
