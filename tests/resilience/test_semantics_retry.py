"""Promises of the retry that hold whatever a classification says, and wherever the wait is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from viber.errors import (
    CircuitOpenError,
    ConfigurationError,
    Delivery,
    InternalError,
    RateLimitError,
    ServerError,
    StreamInterruptedError,
)
from viber.machines import Judgement, RetryConfig, Verdict
from viber.resilience import Bulkhead, Deadline, Pipeline
from viber.testing import FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]
Through = Callable[[Pipeline], Callable[..., Coroutine[Any, Any, Any]]]
STEADY = RetryConfig(jitter="none")


def anything_passes(_: BaseException) -> Judgement:
    return Judgement(Verdict.FAILURE, retryable=True, safe=True)


def of_kind(*errors: BaseException) -> list[Any]:
    return [pytest.param(error, id=type(error).__name__) for error in errors]


@pytest.mark.parametrize(
    "error",
    of_kind(
        CircuitOpenError(),
        RateLimitError("local", delivery=Delivery.NOT_SENT),
        ConfigurationError("wrong"),
        InternalError("a defect", retryable=True),
        asyncio.CancelledError(),
        GeneratorExit(),
    ),
)
async def test_what_is_never_repeated_is_not_whatever_is_said_of_it(
    make_pipeline: MakePipeline, through: Through, script: MakeScript, error: BaseException
) -> None:
    """Cancellation, refusals of ours, defects: no classification and no list of codes changes that."""
    codes = frozenset({getattr(error, "code", "")})
    pipeline = make_pipeline(
        classify=anything_passes, idempotent=True, timeout=5.0, retry=RetryConfig(retryable_codes=codes)
    )
    fn = script(error, "never")
    with pytest.raises(type(error)) as caught:
        await through(pipeline)(fn)
    assert (caught.value is error, len(fn.calls)) == (True, 1)


async def test_a_stream_that_had_begun_is_not_repeated(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """What was received has been handed on already."""
    fn = script(StreamInterruptedError("cut", text="half an"), "never")
    with pytest.raises(StreamInterruptedError):
        await make_pipeline(idempotent=True).run(fn)
    assert len(fn.calls) == 1


async def test_an_inner_pipeline_s_refusal_ends_the_outer_call(
    make_pipeline: MakePipeline, script: MakeScript, clock: FakeClock
) -> None:
    """A full queue further inside is not stormed from outside."""
    bulkhead, fn = Bulkhead(1, max_queue=0, clock=clock), script("never")
    await bulkhead.acquire()
    inner = make_pipeline("inner", bulkhead=bulkhead)
    with pytest.raises(RateLimitError):
        await make_pipeline("outer", idempotent=True).run(inner.run, fn)
    assert (clock.now(), fn.calls) == (0.0, [])


async def test_no_wait_goes_past_a_deadline(
    make_pipeline: MakePipeline, through: Through, script: MakeScript, clock: FakeClock
) -> None:
    """If the next attempt could not start in time, the real error is raised now, and says why."""
    fn = script(ServerError("first"), ServerError("second"), "never")
    run = through(make_pipeline(idempotent=True, retry=STEADY, timeout=60.0))
    with Deadline(2.5, clock=clock), pytest.raises(ServerError, match="second") as caught:
        await run(fn)
    assert (fn.calls, clock.now()) == ([0.0, 1.0], 1.0)
    assert caught.value.__notes__[-1] == "not repeated: the next attempt could not start in time"


async def test_one_error_object_raised_again_and_again_tells_of_each_attempt(
    make_pipeline: MakePipeline, through: Through, script: MakeScript
) -> None:
    """A function that always raises the same object is told of as any other."""
    same = OSError("same")
    run = through(make_pipeline(idempotent=True, retry=STEADY, timeout=5.0))
    with pytest.raises(OSError, match="same"):
        await run(script(same, same, same))
    assert same.__notes__ == [
        "attempt 1 failed with OSError: same; waited 1.000 s",
        "attempt 2 failed with OSError: same; waited 2.000 s",
        "no attempts left",
    ]
