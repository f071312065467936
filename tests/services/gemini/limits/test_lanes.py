import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import (
    BaseError,
    CircuitOpenError,
    InvalidRequestError,
    RateLimitError,
    ServerError,
    StreamInterruptedError,
    TimeoutError,
    TransportError,
)
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.observability import FallbackUsed, Listeners
from viber.services.gemini import (
    BudgetError,
    GeminiInvalidRequestError,
    GeminiNotFoundError,
    GeminiRateLimitError,
    GeminiServerError,
    ModelLimits,
    PromptBlockedError,
    cannot_answer,
)
from viber.testing import Chunks, EventRecorder, Fail, Hang, Reply

Build = Callable[..., Any]

ONE = RetryConfig(max_attempts=1)
OK = Reply(json={"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]})
EVENT = b'data: {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}\n\n'
PER_DAY = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "RequestsPerDay", "quotaValue": "50"}],
}


def refused(status: int, *details: Any, message: str = "no") -> Reply:
    return Reply(status, json={"error": {"code": status, "message": message, "details": list(details)}})


def asked(rig: Any) -> list[str]:
    """The models of all requests, in order."""
    return [request.url.rpartition("/")[2].partition(":")[0] for request in rig.transport.requests]


@pytest.mark.parametrize(
    ("error", "moves"),
    [
        (GeminiRateLimitError("per day", retryable=False), True),
        (RateLimitError("its turn would come too late"), True),
        (CircuitOpenError(), True),
        (GeminiNotFoundError("no such model"), True),
        (GeminiServerError("overloaded", status=503), True),
        (ServerError("a gateway", status=502), True),
        (GeminiServerError("internal", status=500), True),
        (GeminiServerError("too slow", status=504), True),
        (GeminiServerError("not made", status=501), False),
        (ServerError("the answer is not whole", status=200), False),
        (BudgetError("no money"), False),
        (GeminiInvalidRequestError("bad"), False),
        (PromptBlockedError("blocked"), False),
        (TimeoutError("late"), False),
        (TransportError("reset"), False),
    ],
    ids=repr,
)
def test_the_rule_when_to_move_on(error: BaseError, *, moves: bool) -> None:
    """When the model cannot answer, and never because of the request, the network or the money."""
    assert cannot_answer(error) is moves


@pytest.mark.parametrize(
    "refusal", [refused(503), refused(404), refused(429, PER_DAY)], ids=["503", "404", "429"]
)
async def test_the_next_model_is_asked(build: Build, refusal: Reply) -> None:
    """And the answer says who gave it."""
    rig = build(refusal, OK, retry=ONE)
    whole = await rig.gemini.generate_content("hi", model=["a", "b"])
    assert (asked(rig), whole.model) == (["a", "b"], "b")


async def test_a_view_has_its_models(build: Build) -> None:
    """A call may still name its own."""
    rig = build(refused(503), OK, OK, retry=ONE)
    view = rig.gemini.with_models("a", "b")
    await view.generate_text("hi")
    await view.generate_text("hi", model="c")
    assert asked(rig) == ["a", "b", "c"]


async def test_a_stream_asks_the_next_model_too(build: Build) -> None:
    """Before its first event."""
    rig = build(refused(503), Chunks([EVENT]), retry=ONE)
    async with rig.gemini.stream("hi", model=["a", "b"]) as tokens:
        assert [token.text async for token in tokens] == ["a"]
    assert (asked(rig), tokens.model) == (["a", "b"], "b")


async def test_a_stream_that_began_is_not_begun_anew(build: Build) -> None:
    """What was read cannot be taken back."""
    rig = build(Chunks([EVENT.replace(b', "finishReason": "STOP"', b"")]), retry=ONE)
    with pytest.raises(StreamInterruptedError):
        async with rig.gemini.stream("hi", model=["a", "b"]) as tokens:
            [token async for token in tokens]
    assert asked(rig) == ["a"]


async def test_the_last_error_tells_of_those_before(build: Build) -> None:
    """In its notes."""
    rig = build(refused(503, message="busy"), refused(404), refused(400), retry=ONE)
    with pytest.raises(GeminiInvalidRequestError) as caught:
        await rig.gemini.generate_text("hi", model=["a", "b", "c"])
    assert [note for note in caught.value.__notes__ if "asked before" in note] == [
        "a was asked before: GeminiServerError: busy",
        "b was asked before: GeminiNotFoundError: no",
    ]


async def test_the_last_model_has_its_circuit_too(build: Build) -> None:
    """That of the service counts no failure of a list."""
    rig = build(refused(503), refused(503), retry=ONE, breaker=CircuitBreakerConfig(failure_threshold=1))
    with pytest.raises(GeminiServerError):
        await rig.gemini.generate_text("hi", model=["a", "b"])
    assert rig.failures == 0
    assert [rig.gemini.limits.status()[model].circuit for model in "ab"] == ["open", "open"]


async def test_who_has_time_without_end_moves_on_too(build: Build) -> None:
    """There is nothing to share."""
    rig = build(refused(503), OK, retry=ONE, total_timeout=None)
    assert await rig.gemini.generate_text("hi", model=["a", "b"]) == "a"


async def test_a_wrong_request_is_wrong_for_all(build: Build) -> None:
    """It goes to one model."""
    rig = build(refused(400), retry=ONE)
    with pytest.raises(GeminiInvalidRequestError):
        await rig.gemini.generate_text("hi", model=["a", "b"])
    assert asked(rig) == ["a"]


async def test_the_rule_is_yours(build: Build) -> None:
    """For example one that moves on after a reset."""
    rig = build(Fail(lambda: TransportError("reset")), OK, retry=ONE)
    view = rig.gemini.with_models("a", "b", move_on=lambda error: isinstance(error, TransportError))
    assert await view.generate_text("hi") == "a"


async def test_each_model_has_its_circuit(build: Build) -> None:
    """That of the first is open, and it is not asked; the service's own knows nothing of it."""
    rig = build(refused(503), OK, OK, retry=ONE, breaker=CircuitBreakerConfig(failure_threshold=1))
    view = rig.gemini.with_models("a", "b")
    for _ in range(2):
        assert await view.generate_text("hi") == "a"
    assert asked(rig) == ["a", "b", "b"]
    assert rig.failures == 0
    assert rig.gemini.limits.status()["a"].circuit == "open"


async def test_a_day_that_is_used_up_moves_on_without_asking(build: Build) -> None:
    """Here, as counted, and there, as refused; nobody is asked in vain twice."""
    rig = build(OK, OK, refused(429, PER_DAY), OK, OK, limits=(ModelLimits(model="a", rpd=1),))
    for models in (["a", "b"], ["a", "b"], ["c", "d"], ["c", "d"]):
        await rig.gemini.generate_text("hi", model=models)
    assert asked(rig) == ["a", "b", "c", "d", "d"]


async def test_a_model_alone_goes_by_the_circuit_of_the_service(build: Build) -> None:
    """As everything else does."""
    rig = build(refused(503), retry=ONE)
    with pytest.raises(GeminiServerError):
        await rig.gemini.generate_text("hi", model=["a"])
    assert rig.failures == 1


async def test_all_models_share_the_time(build: Build) -> None:
    """The call as a whole has its `total_timeout`."""
    rig = build(Reply(503, delay=4.0), Hang(), retry=ONE, timeout=None, total_timeout=10.0)
    with pytest.raises(TimeoutError) as caught:
        await rig.gemini.generate_text("hi", model=["a", "b"])
    assert rig.clock.now() == 10.0
    assert any("a was asked before" in note for note in caught.value.__notes__)


async def test_without_time_nobody_else_is_asked(build: Build) -> None:
    """The first error stands."""
    rig = build(Reply(503, delay=4.0), retry=ONE, timeout=None, total_timeout=4.0)
    view = rig.gemini.with_models("a", "b", move_on=lambda _: True)
    with pytest.raises(TimeoutError):
        await view.generate_text("hi")
    assert asked(rig) == ["a"]


async def test_who_listens_hears_of_it(build: Build) -> None:
    """Which model could not answer, and why."""
    recorder = EventRecorder()
    rig = build(refused(503), OK, retry=ONE, listeners=Listeners(recorder))
    await rig.gemini.generate_text("hi", model=["a", "b"])
    [event] = recorder.of(FallbackUsed)
    assert (event.service, type(event.error)) == ("gemini/a", GeminiServerError)


async def test_rounds_of_tools_stay_with_the_model_that_began(build: Build) -> None:
    """Its signatures mean nothing to another one."""

    def now() -> str:
        """The time."""
        return "noon"

    call = {"content": {"parts": [{"functionCall": {"name": "now", "args": {}}}]}, "finishReason": "STOP"}
    rig = build(refused(503), Reply(json={"candidates": [call]}), OK, retry=ONE)
    await rig.gemini.generate_text("hi", model=["a", "b"], tools=[now])
    assert asked(rig) == ["a", "b", "b"]


async def test_a_name_is_asked_once(build: Build) -> None:
    """However often it is in the list."""
    rig = build(refused(503), refused(503), retry=ONE)
    with pytest.raises(GeminiServerError):
        await rig.gemini.generate_text("hi", model=["a", "b", "a"])
    assert asked(rig) == ["a", "b"]


async def test_somebody_has_to_be_asked(build: Build) -> None:
    """An empty list is a mistake to be told, and so is a wrong name anywhere in it."""
    rig = build()
    for names in ([], ["a", ""]):
        with pytest.raises(InvalidRequestError, match=r"model"):
            await rig.gemini.generate_text("hi", model=names)
    with pytest.raises(InvalidRequestError, match="no model is named"):
        rig.gemini.with_models()


async def test_the_errors_of_earlier_models_are_not_kept(build: Build) -> None:
    """They would hold their frames, and all that is in these, until the collector comes by."""
    rig = build(refused(503), OK, retry=ONE)
    seen: list[Any] = []

    def move_on(error: BaseError) -> bool:
        seen.append(weakref.ref(error))
        return True

    gc.disable()
    try:
        await rig.gemini.with_models("a", "b", move_on=move_on).generate_text("hi")
        assert seen[0]() is None
    finally:
        gc.enable()
