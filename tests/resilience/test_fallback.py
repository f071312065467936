"""Something else to answer when a call fails, by itself; `test_pipeline_ends` has it around a pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import CircuitOpenError, RateLimitError, ServerError
from viber.observability import FallbackUsed, Listeners
from viber.resilience import Fallback
from viber.resilience import _fallback as room
from viber.testing import EventRecorder, FakeClock


async def remembered(error: Exception) -> str:
    return f"instead of {type(error).__name__}"


def failing(error: BaseException) -> Callable[..., Any]:
    async def fail() -> str:
        raise error

    return fail


async def fresh() -> str:
    return "fresh"


@pytest.mark.parametrize(
    "on",
    [
        pytest.param(ConnectionResetError, id="kind"),
        pytest.param(OSError, id="a-wider-kind"),
        pytest.param((ValueError, ConnectionError), id="several"),
        pytest.param(lambda error: isinstance(error, ConnectionError), id="function"),
    ],
)
async def test_it_answers_what_it_is_for(on: Any) -> None:
    """A kind with all that belong to it, several kinds, or what a function says."""
    fallback = Fallback(remembered, on=on)
    assert await fallback.run(failing(ConnectionResetError())) == "instead of ConnectionResetError"


@pytest.mark.parametrize("on", [ConnectionError, (ConnectionError, KeyError), lambda _: False], ids=repr)
async def test_other_errors_pass(on: Any) -> None:
    """Unchanged, the very same object."""
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught:
        await Fallback(remembered, on=on).run(failing(error))
    assert caught.value is error


async def test_our_own_errors_are_kinds_too() -> None:
    """An open circuit, or a limit that is spent, is the usual reason."""
    fallback = Fallback(remembered, on=(CircuitOpenError, RateLimitError))
    assert await fallback.run(failing(CircuitOpenError())) == "instead of CircuitOpenError"
    with pytest.raises(ServerError):
        await fallback.run(failing(ServerError("no")))


async def test_what_succeeds_is_not_replaced() -> None:
    """The answer is not even asked."""
    answers = 0

    async def count(_: Exception) -> str:
        nonlocal answers
        answers += 1
        return ""

    assert await Fallback(count, on=Exception).run(fresh) == "fresh"
    assert answers == 0


@pytest.mark.parametrize("error", [asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_what_is_no_exception_is_never_caught(error: type[BaseException]) -> None:
    """A cancellation least of all, whatever the function would say."""
    with pytest.raises(error):
        await Fallback(remembered, on=lambda _: True).run(failing(error()))


async def test_a_cancelled_call_is_not_answered(clock: FakeClock) -> None:
    """Who cancels gets a cancelled task, also while the answer is under way."""

    async def slowly(_: Exception) -> str:
        await asyncio.Event().wait()
        return ""

    task = asyncio.create_task(Fallback(slowly, on=ValueError).run(failing(ValueError())))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_an_error_of_the_answer_keeps_the_first_one_as_its_context() -> None:
    """Both are worth reading."""
    first = ConnectionError("first")

    async def worse(_: Exception) -> str:
        raise LookupError("second")

    with pytest.raises(LookupError, match="second") as caught:
        await Fallback(worse, on=ConnectionError).run(failing(first))
    assert caught.value.__context__ is first


async def test_an_error_of_the_judging_function_passes() -> None:
    """It is a defect, and hides neither itself nor what it judged."""
    first = ConnectionError("first")

    def judge(_: Exception) -> bool:
        raise LookupError("broken")

    with pytest.raises(LookupError, match="broken") as caught:
        await Fallback(remembered, on=judge).run(failing(first))
    assert caught.value.__context__ is first


async def test_it_protects_a_function_of_any_arguments() -> None:
    """The name stays, and the arguments are handed on."""

    async def echo(*args: object, **kwargs: object) -> object:
        return args, kwargs

    protected = Fallback(remembered, on=ValueError).protect(echo)
    assert protected.__name__ == "echo"
    assert await protected(1, fn=2, self=3) == ((1,), {"fn": 2, "self": 3})
    assert await Fallback(remembered, on=ValueError).run(echo, fn=2) == ((), {"fn": 2})


async def test_an_event_tells_of_the_answer(clock: FakeClock, recorder: EventRecorder) -> None:
    """With the error that it hides from the caller."""
    error = ConnectionError("first")
    fallback = Fallback(
        remembered, on=ConnectionError, name="quotes", clock=clock, listeners=Listeners(recorder)
    )
    await fallback.run(failing(error))
    await fallback.run(fresh)
    assert recorder.events == [FallbackUsed("quotes", error, 0.0)]


async def test_no_event_is_built_when_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Observing costs nothing until somebody does."""
    monkeypatch.delattr(room, "FallbackUsed")
    await Fallback(remembered, on=ValueError).run(failing(ValueError()))


@pytest.mark.parametrize("fn", [lambda: 42, 42, None], ids=["sync", "a-number", "nothing"])
async def test_a_misuse_is_not_answered(fn: Any) -> None:
    """A programming error shows itself even where everything is caught."""
    with pytest.raises(TypeError, match="coroutine function"):
        await Fallback(remembered, on=Exception).run(fn)


async def test_the_answer_is_a_coroutine_function_too() -> None:
    """Something else is refused at once where that can be seen, otherwise when it is asked."""
    answer = remembered(ValueError())
    with pytest.raises(TypeError, match="pass the function"):
        Fallback(answer, on=ValueError)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="cannot be awaited"):
        await Fallback(lambda _: 42, on=ValueError).run(failing(ValueError()))  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    "on",
    [
        BaseException,
        asyncio.CancelledError,
        KeyboardInterrupt,
        (ValueError, KeyboardInterrupt),
        (),
        int,
        "ValueError",
        ValueError("an instance"),
        None,
        (ValueError, "KeyError"),
        [ValueError],
    ],
    ids=repr,
)
def test_on_takes_exceptions_or_a_function(on: Any) -> None:
    """What it may hide has to be thought about: nothing else is accepted, and no cancellation."""
    with pytest.raises(TypeError, match="on takes kinds of Exception"):
        Fallback(remembered, on=on)


def test_it_says_what_it_is() -> None:
    """By its name."""
    assert repr(Fallback(remembered, on=ValueError, name="quotes")) == "<Fallback 'quotes'>"
