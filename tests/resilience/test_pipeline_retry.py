"""When a pipeline repeats a call, and what the error tells when it does not."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable
from typing import Any

import pytest

import viber.errors
from viber.errors import (
    AuthenticationError,
    CircuitOpenError,
    ConfigurationError,
    ConflictError,
    Delivery,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
)
from viber.machines import Judgement, RetryConfig, Verdict
from viber.resilience import Call, Pipeline
from viber.testing import FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]
STEADY = RetryConfig(jitter="none")
WARNING = "the server may have acted: look before you repeat it"


async def ends_in(pipeline: Pipeline, fn: Any, kind: type[BaseException]) -> Any:
    with pytest.raises(kind) as caught:
        await pipeline.run(fn)
    return caught.value


def notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])


@pytest.mark.parametrize(
    ("error", "idempotent", "calls"),
    [
        pytest.param(TransportError("reset"), True, 2, id="idempotent-unknown"),
        pytest.param(TransportError("reset"), False, 1, id="unsafe-unknown"),
        pytest.param(TransportError("refused", delivery=Delivery.NOT_SENT), False, 2, id="unsafe-not-sent"),
        pytest.param(ServerError("broken"), False, 1, id="unsafe-answered"),
        pytest.param(ServerError("rolled back", unapplied=True), False, 2, id="unsafe-rolled-back"),
        pytest.param(RateLimitError("slow down"), False, 2, id="unsafe-429"),
        pytest.param(RateLimitError("local", retryable=False), True, 1, id="local-limit"),
        pytest.param(NotFoundError("no"), True, 1, id="will-not-pass"),
        pytest.param(CircuitOpenError(), True, 1, id="another-circuit"),
        pytest.param(ConfigurationError("x", retryable=True), True, 1, id="not-operational"),
        pytest.param(OSError("no"), True, 2, id="foreign-os-error-idempotent"),
        pytest.param(OSError("no"), False, 1, id="foreign-os-error"),
        pytest.param(builtins.TimeoutError("own"), True, 2, id="foreign-timeout-idempotent"),
        pytest.param(ValueError("no"), True, 1, id="foreign"),
        pytest.param(asyncio.CancelledError(), True, 1, id="cancellation"),
        pytest.param(KeyboardInterrupt(), True, 1, id="interrupt"),
    ],
)
async def test_repeated_is_what_may_pass_and_is_safe(
    make_pipeline: MakePipeline, script: MakeScript, error: BaseException, *, idempotent: bool, calls: int
) -> None:
    """An attempt is repeated if its error may pass and repeating cannot double anything; otherwise never."""
    fn = script(error, error)
    await ends_in(make_pipeline(idempotent=idempotent, retry=RetryConfig(max_attempts=2)), fn, type(error))
    assert len(fn.calls) == calls


async def test_no_classification_makes_a_cancellation_repeatable(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """What is no `Exception` ends the call, whatever the caller's own `classify` says."""
    passing = Judgement(Verdict.FAILURE, retryable=True, safe=True)
    fn = script(asyncio.CancelledError(), "never")
    await ends_in(make_pipeline(classify=lambda _: passing), fn, asyncio.CancelledError)
    assert len(fn.calls) == 1


async def test_the_waits_follow_the_schedule(make_pipeline: MakePipeline, script: MakeScript) -> None:
    """Between attempts lie the delays of the configuration, and nothing else."""
    fn = script(OSError(), OSError(), OSError(), "there")
    retry = RetryConfig(max_attempts=4, jitter="none", initial_delay=0.5)
    assert await make_pipeline(idempotent=True, retry=retry).run(fn) == "there"
    assert fn.calls == [0.0, 0.5, 1.5, 3.5]


async def test_one_attempt_is_no_retry(make_pipeline: MakePipeline, script: MakeScript) -> None:
    """`max_attempts=1` calls once, and waits for nothing."""
    fn = script(OSError())
    await ends_in(make_pipeline(idempotent=True, retry=RetryConfig(max_attempts=1)), fn, OSError)
    assert fn.calls == [0.0]


async def test_the_server_may_ask_for_more_patience(make_pipeline: MakePipeline, script: MakeScript) -> None:
    """A Retry-After longer than the schedule is kept, to the fraction of a second."""
    fn = script(RateLimitError("slow down", retry_after=7.25), "there")
    await make_pipeline(retry=STEADY).run(fn)
    assert fn.calls == [0.0, 7.25]


async def test_a_server_that_asks_for_too_much_ends_the_call(
    make_pipeline: MakePipeline, script: MakeScript, clock: FakeClock
) -> None:
    """Above `max_retry_after` the error is raised at once, and says when to come back."""
    error = await ends_in(
        make_pipeline(), script(RateLimitError("slow down", retry_after=61.0)), RateLimitError
    )
    assert (error.retry_after, clock.now()) == (61.0, 0.0)
    assert notes(error) == ["not repeated: the server asks for a longer wait than max_retry_after"]


async def test_the_last_error_is_raised_with_a_note_per_earlier_attempt(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """After retries the error is that of the last attempt, and it tells of the others."""
    fn = script(TransportError("reset"), ServerError("broken"), ServerError("still broken"))
    error = await ends_in(make_pipeline(idempotent=True, retry=STEADY), fn, ServerError)
    assert (str(error), error.attempts) == ("still broken", 3)
    assert notes(error) == [
        "attempt 1 failed with TransportError: reset; waited 1.000 s",
        "attempt 2 failed with ServerError: broken; waited 2.000 s",
        "no attempts left",
    ]


async def test_an_error_that_no_retry_could_mend_has_no_notes(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """Where nothing was repeated and nothing could be, there is nothing to tell."""
    assert notes(await ends_in(make_pipeline(), script(NotFoundError("no")), NotFoundError)) == []


async def test_why_it_was_not_repeated_is_told(make_pipeline: MakePipeline, script: MakeScript) -> None:
    """An error that may pass and was not repeated says what stood against it."""
    error = await ends_in(make_pipeline(), script(OSError()), OSError)
    assert notes(error) == ["not repeated: the server may have acted, and the operation is not idempotent"]


async def test_foreign_exceptions_pass_through_unchanged(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """The very object that the function raised is raised, with its cause and context, and with notes."""
    last = OSError("last")
    last.__cause__, last.__context__ = KeyError("cause"), LookupError("context")
    error = await ends_in(
        make_pipeline(idempotent=True, retry=STEADY), script(OSError(), OSError(), last), OSError
    )
    assert error is last
    assert (repr(error.__cause__), repr(error.__context__)) == ("KeyError('cause')", "LookupError('context')")
    assert len(notes(error)) == 3


async def test_a_timeout_of_the_function_is_its_own(make_pipeline: MakePipeline) -> None:
    """A `TimeoutError` that the function raises is not ours, even if it comes from a timeout inside."""

    async def impatient() -> None:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    error = await ends_in(make_pipeline(timeout=5.0), impatient, builtins.TimeoutError)
    assert not isinstance(error, viber.errors.TimeoutError)


async def test_unknown_is_inherited_from_an_earlier_attempt(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """Once an attempt may have reached the server, no later answer makes that undone."""
    fn = script(TransportError("reset"), ConflictError("duplicate key"))
    error = await ends_in(make_pipeline(idempotent=True), fn, ConflictError)
    assert error.delivery is Delivery.UNKNOWN


async def test_what_never_left_leaves_no_doubt(make_pipeline: MakePipeline, script: MakeScript) -> None:
    """Attempts that were not sent, or were answered, do not make the outcome unknown."""
    fn = script(TransportError("refused", delivery=Delivery.NOT_SENT), ConflictError("duplicate key"))
    error = await ends_in(make_pipeline(), fn, ConflictError)
    assert error.delivery is Delivery.ANSWERED


async def test_a_write_that_may_have_happened_says_so(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """The one dangerous error warns its reader; what may be repeated does not."""
    unsafe = await ends_in(make_pipeline(), script(TransportError("reset")), TransportError)
    assert str(unsafe) == f"reset; {WARNING}"
    one = RetryConfig(max_attempts=1)
    safe = await ends_in(
        make_pipeline(idempotent=True, retry=one), script(TransportError("reset")), TransportError
    )
    assert str(safe) == "reset"


async def test_a_pipeline_in_a_pipeline_warns_once(make_pipeline: MakePipeline, script: MakeScript) -> None:
    """The warning is not repeated by whoever stands outside; who was nearest names the place."""
    inner, fn = make_pipeline("inner"), script(TransportError("reset"))
    error = await ends_in(make_pipeline("outer"), lambda: inner.run(fn), TransportError)
    assert (str(error), error.service) == (f"reset; {WARNING}", "inner")


async def test_a_rejection_after_an_unknown_attempt_stays_unknown(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """An inner circuit that opened in between does not settle what an earlier attempt left open."""
    lost = TransportError("lost", unapplied=True)
    error = await ends_in(make_pipeline(), script(lost, CircuitOpenError(service="inner")), CircuitOpenError)
    assert error.delivery is Delivery.UNKNOWN
    assert str(error).endswith(WARNING)


async def test_notes_hold_no_secret_and_are_short(make_pipeline: MakePipeline, script: MakeScript) -> None:
    """What a note quotes of an earlier error is redacted and cut."""
    secret = "sb_secret_0123456789"
    fn = script(OSError(f"header {secret} {'x' * 10_000}"), ValueError("last"))
    error = await ends_in(make_pipeline(idempotent=True), fn, ValueError)
    [note] = notes(error)
    assert secret not in note
    assert len(note) < 600


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        pytest.param(AuthenticationError("rejected"), 2, id="named"),
        pytest.param(NotFoundError("no"), 1, id="not-named"),
        pytest.param(ConfigurationError("x", code="auth.rejected"), 1, id="never-not-operational"),
        pytest.param(CircuitOpenError(code="auth.rejected"), 1, id="never-an-open-circuit"),
    ],
)
async def test_codes_can_be_named_as_worth_another_attempt(
    make_pipeline: MakePipeline, script: MakeScript, error: BaseException, calls: int
) -> None:
    """`retryable_codes` adds errors to those that say so themselves, and none that are never repeated."""
    fn = script(error, "there")
    pipeline = make_pipeline(idempotent=True, retry=RetryConfig(retryable_codes=frozenset({"auth.rejected"})))
    await asyncio.gather(pipeline.run(fn), return_exceptions=True)
    assert len(fn.calls) == calls


async def test_execute_may_say_that_a_call_is_idempotent(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """What is said for one call counts more than what was said for the pipeline."""
    fn = script(OSError(), "there")
    assert await make_pipeline().execute(lambda _: fn(), idempotent=True) == "there"
    assert len(fn.calls) == 2
    with pytest.raises(OSError, match="once"):
        await make_pipeline(idempotent=True).execute(lambda _: script(OSError("once"))(), idempotent=False)


async def test_an_attempt_knows_whether_an_earlier_one_may_have_acted(
    make_pipeline: MakePipeline, clock: FakeClock
) -> None:
    """Not after one that was never sent; from the first whose outcome is unknown on, for good."""
    doubts: list[bool] = []
    troubles = [
        TransportError("refused", delivery=Delivery.NOT_SENT),
        TransportError("reset", delivery=Delivery.UNKNOWN),
        TransportError("refused", delivery=Delivery.NOT_SENT),
    ]

    async def send(call: Call) -> None:
        doubts.append(call.in_doubt)
        if len(doubts) <= len(troubles):
            raise troubles[len(doubts) - 1]

    await make_pipeline(retry=RetryConfig(max_attempts=4)).execute(send, idempotent=True)
    assert doubts == [False, False, True, True]
