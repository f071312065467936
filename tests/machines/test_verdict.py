from __future__ import annotations

import asyncio
import builtins

import pytest

from viber import errors
from viber.errors import Delivery
from viber.machines import Verdict, judge

SUCCESS, FAILURE, IGNORED = Verdict.SUCCESS, Verdict.FAILURE, Verdict.IGNORED


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        pytest.param(errors.NotFoundError("x"), SUCCESS, id="not-found"),
        pytest.param(errors.ConflictError("x"), SUCCESS, id="conflict"),
        pytest.param(errors.InvalidRequestError("x"), SUCCESS, id="invalid"),
        pytest.param(errors.AuthenticationError("x"), SUCCESS, id="unauthenticated"),
        pytest.param(errors.PermissionDeniedError("x"), SUCCESS, id="forbidden"),
        pytest.param(errors.SupabaseError("x"), SUCCESS, id="any-answer"),
        pytest.param(errors.ServerError("x"), FAILURE, id="5xx"),
        pytest.param(errors.TimeoutError("x"), FAILURE, id="timeout-or-408"),
        pytest.param(errors.TransportError("x"), FAILURE, id="reset"),
        pytest.param(errors.TransportError("x", delivery=Delivery.NOT_SENT), FAILURE, id="no-connection"),
        pytest.param(errors.StreamInterruptedError("x"), FAILURE, id="cut-stream"),
        pytest.param(errors.InternalError("x"), FAILURE, id="defect"),
        pytest.param(errors.RateLimitError("x"), IGNORED, id="429"),
        pytest.param(
            errors.RateLimitError("x", neutral=False, delivery=Delivery.ANSWERED), SUCCESS, id="429-heard"
        ),
        pytest.param(errors.ServerError("x", neutral=True), IGNORED, id="the-caller-s-own-sql"),
        pytest.param(errors.CircuitOpenError(), IGNORED, id="another-circuit-open"),
        pytest.param(errors.ConfigurationError("x"), IGNORED, id="configuration"),
        pytest.param(errors.InvalidRequestError("x", delivery=Delivery.NOT_SENT), IGNORED, id="refused-here"),
        pytest.param(ConnectionResetError(), FAILURE, id="os-error"),
        pytest.param(builtins.TimeoutError(), FAILURE, id="foreign-timeout"),
        pytest.param(ValueError(), FAILURE, id="foreign"),
        pytest.param(ExceptionGroup("x", [ValueError()]), FAILURE, id="foreign-group"),
        pytest.param(asyncio.CancelledError(), IGNORED, id="cancellation"),
        pytest.param(KeyboardInterrupt(), IGNORED, id="interrupt"),
        pytest.param(SystemExit(), IGNORED, id="exit"),
        pytest.param(GeneratorExit(), IGNORED, id="generator-exit"),
    ],
)
def test_what_an_outcome_says_about_the_service(error: BaseException, verdict: Verdict) -> None:
    """Any answer shows it alive; 5xx, silence and broken connections do not; the rest is no news."""
    assert judge(error).verdict is verdict


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        pytest.param(errors.ServerError("x"), True, id="says-so"),
        pytest.param(errors.ServerError("x", retryable=False), False, id="says-not"),
        pytest.param(errors.NotFoundError("x"), False, id="not-found"),
        pytest.param(errors.CircuitOpenError(), False, id="circuit-open"),
        pytest.param(errors.ConfigurationError("x", retryable=True), False, id="not-operational"),
        pytest.param(errors.StreamInterruptedError("x"), False, id="stream-after-its-first-event"),
        pytest.param(OSError(), True, id="os-error"),
        pytest.param(ValueError(), False, id="foreign"),
        pytest.param(asyncio.CancelledError(), False, id="cancellation"),
    ],
)
def test_what_is_worth_another_attempt(error: BaseException, retryable: bool) -> None:  # noqa: FBT001
    """An operational error says so itself; of foreign ones only `OSError` may pass."""
    assert judge(error).retryable is retryable


@pytest.mark.parametrize(
    ("error", "safe"),
    [
        pytest.param(errors.TransportError("x", delivery=Delivery.NOT_SENT), True, id="not-sent"),
        pytest.param(errors.TransportError("x"), False, id="unknown"),
        pytest.param(errors.ServerError("x"), False, id="answered"),
        pytest.param(errors.ServerError("x", unapplied=True), True, id="rolled-back"),
        pytest.param(errors.RateLimitError("x"), True, id="429"),
        pytest.param(OSError(), False, id="foreign"),
    ],
)
def test_what_can_be_repeated_whatever_it_is(error: BaseException, safe: bool) -> None:  # noqa: FBT001
    """Safe is what never left, or what the server says it did not do."""
    assert judge(error).safe is safe


def test_the_wait_the_service_asked_for_is_kept() -> None:
    """`retry_after` goes from the error into the judgement."""
    assert judge(errors.RateLimitError("x", retry_after=7.5)).retry_after == 7.5


def test_made_retryable_changes_nothing_else() -> None:
    """To call an error retryable does not call it safe, nor healthy."""
    before = judge(errors.NotFoundError("x", retry_after=1.0))
    after = before.made_retryable()
    assert (after.retryable, after.verdict, after.safe, after.retry_after) == (True, SUCCESS, False, 1.0)
