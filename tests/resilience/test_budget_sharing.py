"""A retry budget: one for all pipelines of a service, so that retries do not become the load."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from viber.errors import ServerError
from viber.machines import RetryBudget, RetryConfig
from viber.resilience import Bulkhead, Pipeline
from viber.testing import FakeClock

MakePipeline = Callable[..., Pipeline]
Run = Callable[..., Coroutine[Any, Any, Any]]
Through = Callable[[Pipeline], Run]
SPENT = "not repeated: the retry budget is spent, most calls fail"
TWO = RetryConfig(budget_ratio=0.5, budget_minimum=2, max_attempts=2, jitter="none")


class Service:
    """Counts what reaches it, and fails."""

    def __init__(self) -> None:
        self.calls = 0

    async def fail(self) -> None:
        self.calls += 1
        raise ServerError("down")

    async def answer(self) -> None:
        """Do well."""


@pytest.fixture
def service() -> Service:
    return Service()


async def ends(run: Run, fn: Run) -> ServerError:
    with pytest.raises(ServerError, match="down") as caught:
        await run(fn)
    return caught.value


async def test_a_spent_budget_raises_the_real_error_with_a_note(
    make_pipeline: MakePipeline, through: Through, service: Service, clock: FakeClock
) -> None:
    """The call ends at once with what the service said, and tells why it was not repeated."""
    run = through(make_pipeline(idempotent=True, retry=TWO, timeout=5.0))
    for _ in range(2):
        assert (await ends(run, service.fail)).attempts == 2
    began = clock.now()
    error = await ends(run, service.fail)
    assert (error.__notes__, error.attempts, clock.now(), service.calls) == ([SPENT], 1, began, 5)


async def test_good_calls_earn_retries(
    make_pipeline: MakePipeline, through: Through, service: Service
) -> None:
    """Where half of the calls may be retries, a hundred calls bring fifty, however many fail."""
    run = through(make_pipeline(idempotent=True, retry=TWO, timeout=5.0))
    for _ in range(20):
        await run(service.answer)
    await asyncio.gather(*(run(service.fail) for _ in range(80)), return_exceptions=True)
    assert service.calls == 80 + 50


async def test_a_budget_fills_again_with_time(
    make_pipeline: MakePipeline, service: Service, clock: FakeClock
) -> None:
    """Ten seconds later the retries of now are forgotten."""
    run = make_pipeline(idempotent=True, retry=TWO).run
    for _ in range(3):
        await ends(run, service.fail)
    clock.jump(11)
    assert (await ends(run, service.fail)).attempts == 2


async def test_pipelines_with_one_budget_spend_it_together(
    make_pipeline: MakePipeline, service: Service
) -> None:
    """What one has spent, the other does not have."""
    budget = TWO.budget()
    first, second = (make_pipeline(idempotent=True, retry=TWO, budget=budget) for _ in range(2))
    await ends(first.run, service.fail)
    await ends(second.run, service.fail)
    assert [(await ends(run, service.fail)).attempts for run in (first.run, second.run)] == [1, 1]


async def test_pipelines_have_budgets_of_their_own_unless_told_otherwise(
    make_pipeline: MakePipeline, service: Service
) -> None:
    """Two services do not spend each other's."""
    first, second = (make_pipeline(idempotent=True, retry=TWO) for _ in range(2))
    for _ in range(3):
        await ends(first.run, service.fail)
    assert (await ends(second.run, service.fail)).attempts == 2


async def test_a_view_spends_the_budget_of_its_pipeline(
    make_pipeline: MakePipeline, service: Service
) -> None:
    """Other limits are no way around it."""
    pipeline = make_pipeline(idempotent=True, retry=TWO)
    view = pipeline.with_options(max_attempts=9, timeout=1.0)
    assert view.budget is pipeline.budget
    assert (await ends(view.run, service.fail)).attempts == 3
    assert (await ends(pipeline.run, service.fail)).attempts == 1


async def test_each_call_is_counted_once(
    make_pipeline: MakePipeline, through: Through, service: Service, clock: FakeClock
) -> None:
    """However it goes, and by whichever way: a call is a call, and a retry is a retry."""
    budget = RetryBudget(ratio=1.0, minimum=1)
    run = through(make_pipeline(idempotent=True, retry=TWO, timeout=5.0, budget=budget))
    await run(service.answer)
    await ends(run, service.fail)
    assert budget.used(clock.now()) == (2, 1)


async def test_without_a_share_there_is_no_budget(
    make_pipeline: MakePipeline, through: Through, service: Service
) -> None:
    """None is no limit, and has to be said."""
    retry = RetryConfig(budget_ratio=None, max_attempts=50, jitter="none", max_delay=0.01)
    pipeline = make_pipeline(idempotent=True, retry=retry, timeout=5.0)
    assert pipeline.budget is None
    assert (await ends(through(pipeline), service.fail)).attempts == 50


@pytest.mark.parametrize("obstacle", ["attempts", "deadline", "unsafe"])
async def test_only_a_retry_that_is_made_is_paid_for(
    make_pipeline: MakePipeline, service: Service, clock: FakeClock, obstacle: str
) -> None:
    """The budget is asked last: what would not have been repeated anyway costs nothing."""
    options: dict[str, Any] = {
        "attempts": {"retry": TWO.model_copy(update={"max_attempts": 1})},
        "deadline": {"total_timeout": 0.5},
        "unsafe": {"idempotent": False},
    }[obstacle]
    pipeline = make_pipeline(**{"idempotent": True, "retry": TWO, "bulkhead": Bulkhead(1), **options})
    await ends(pipeline.run, service.fail)
    assert pipeline.budget is not None
    assert pipeline.budget.used(clock.now()) == (1, 0)
