import json
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import Delivery, GeminiError, InvalidRequestError, ServerError, TimeoutError
from viber.services.gemini import (
    GeminiAuthenticationError,
    GeminiRateLimitError,
    GeminiServerError,
    NoTextError,
    PromptBlockedError,
)
from viber.testing import Chunks, Hang, Reply

Build = Callable[..., Any]


def answer(*parts: Any, finish: str = "STOP", **candidate: Any) -> Reply:
    said = {"content": {"parts": list(parts), "role": "model"}, "finishReason": finish, **candidate}
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    return Reply(json={"candidates": [said], "usageMetadata": usage, "modelVersion": "m-1"})


def refused(status: int, *details: Any) -> Reply:
    return Reply(status, json={"error": {"code": status, "message": "no", "details": list(details)}})


QUOTA = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "RequestsPerDay"}],
}
DELAY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12.5s"}


async def test_text_of_an_answer(build: Build) -> None:
    """All text parts, no thoughts; the request is what the options say."""
    rig = build(answer({"text": "hm", "thought": True}, {"text": "a"}, {"text": "b"}))
    assert await rig.gemini.generate_text("hi", model="models/m", temperature=0.5) == "ab"
    assert rig.sent.method == "POST"
    assert rig.sent.url.endswith("/v1beta/models/m:generateContent")
    assert json.loads(rig.sent.body)["generationConfig"] == {"temperature": 0.5}


async def test_a_whole_answer(build: Build) -> None:
    """With everything that came."""
    whole = await build(answer({"text": "a"})).gemini.generate_content(["x", "y"])
    assert (whole.text, whole.finish_reason, whole.usage.total_tokens) == ("a", "STOP", 5)
    assert whole.model_version == "m-1"
    assert whole.parts[0].to_wire() == {"text": "a"}


@pytest.mark.parametrize(
    ("reply", "reason", "hint"),
    [
        (answer(finish="SAFETY"), "SAFETY", "safety_settings"),
        (answer({"text": "hm", "thought": True}, finish="MAX_TOKENS"), "MAX_TOKENS", "max_output_tokens"),
        (answer({"functionCall": {"name": "f"}}), "STOP", "generate_content"),
    ],
)
async def test_an_answer_without_text_is_an_error_of_generate_text(
    build: Build, reply: Reply, reason: str, hint: str
) -> None:
    """It tells why, what it cost and what to do; the service is not blamed."""
    rig = build(reply)
    with pytest.raises(NoTextError, match=reason) as caught:
        await rig.gemini.generate_text("hi")
    assert caught.value.details is not None
    assert caught.value.details["usage"]["totalTokenCount"] == 5
    assert hint in caught.value.suggestion
    assert rig.failures == 0


async def test_text_that_was_cut_short_is_text(build: Build) -> None:
    """`MAX_TOKENS` is a normal end."""
    assert await build(answer({"text": "a"}, finish="MAX_TOKENS")).gemini.generate_text("hi") == "a"


async def test_a_blocked_prompt_is_an_error(build: Build) -> None:
    """Not an empty answer, and not retried."""
    rig = build(Reply(json={"promptFeedback": {"blockReason": "SAFETY"}}))
    with pytest.raises(PromptBlockedError, match="SAFETY"):
        await rig.gemini.generate_content("hi")
    assert rig.failures == 0


@pytest.mark.parametrize("reply", [Reply(body=b""), Reply(json={}), refused(503), Hang()], ids=repr)
async def test_what_may_pass_is_retried(build: Build, reply: Any) -> None:
    """Generation is stateless, so that a repeat is safe."""
    rig = build(reply, answer({"text": "a"}))
    assert await rig.gemini.generate_text("hi") == "a"
    assert len(rig.transport.requests) == 2


async def test_repeating_can_be_switched_off(build: Build) -> None:
    """For who will not pay twice: what may have reached the server is not repeated."""
    rig = build(Hang(), repeat_generation=False)
    with pytest.raises(TimeoutError) as caught:
        await rig.gemini.generate_text("hi")
    assert len(rig.transport.requests) == 1
    assert caught.value.delivery is Delivery.UNKNOWN
    rig = build(refused(429), answer({"text": "a"}), repeat_generation=False)
    assert await rig.gemini.generate_text("hi") == "a"


async def test_an_answer_without_candidates_is_told_as_that(build: Build) -> None:
    """It may pass; if it does not, the error says what to do."""
    rig = build(Reply(json={"candidates": [], "modelVersion": "m"}))
    with pytest.raises(ServerError, match="no candidates") as caught:
        await rig.gemini.with_options(max_attempts=1).generate_content("hi")
    assert caught.value.retryable
    assert caught.value.suggestion


async def test_a_told_delay_is_waited_for(build: Build) -> None:
    """To the fraction of a second, by retry and by nobody else."""
    rig = build(refused(429, DELAY), answer({"text": "a"}))
    await rig.gemini.generate_text("hi")
    assert rig.clock.now() == 12.5
    assert rig.failures == 0


async def test_a_quota_of_the_day_fails_at_once(build: Build) -> None:
    """Waiting as told would not help: it begins anew after midnight in California."""
    rig = build(refused(429, QUOTA, DELAY))
    with pytest.raises(GeminiRateLimitError) as caught:
        await rig.gemini.generate_text("hi")
    assert (rig.clock.now(), caught.value.retryable, caught.value.retry_after) == (0, False, 8 * 3600 + 60)


async def test_html_is_not_an_answer(build: Build) -> None:
    """A page with status 200 is an error that is not retried; it shows where it came from."""
    rig = build(Reply(body=b"<html>sign in</html>"))
    with pytest.raises(ServerError) as caught:
        await rig.gemini.generate_text("hi")
    assert not isinstance(caught.value, GeminiError)
    assert caught.value.details == {"body": "<html>sign in</html>"}


async def test_a_continued_answer_is_put_together(build: Build) -> None:
    """The caller sees one answer, and what all of it took."""
    rig = build(
        answer({"text": "a"}, finish="CONTINUATION", continuationToken="t1"),
        answer({"text": "b"}, finish="STOP"),
    )
    whole = await rig.gemini.generate_content("hi")
    assert (whole.text, whole.finish_reason, whole.usage.total_tokens) == ("ab", "STOP", 10)
    assert json.loads(rig.transport.requests[1].body)["continuationToken"] == "t1"


async def test_an_endless_answer_is_ended(build: Build) -> None:
    """A server that always asks to go on does not loop for ever."""
    endless = answer({"text": "a"}, finish="CONTINUATION", continuationToken="t")
    rig = build(*[endless] * 3, max_continuations=2)
    with pytest.raises(GeminiServerError, match="more than 2 times"):
        await rig.gemini.generate_content("hi")
    assert len(rig.transport.requests) == 3


async def test_tokens_are_counted(build: Build) -> None:
    """A number, for any prompt."""
    rig = build(Reply(json={"totalTokens": 31}), Reply(json={"totalTokens": 40}), Reply(json={}))
    assert await rig.gemini.count_tokens("hi", model="m") == 31
    assert rig.sent.url.endswith("models/m:countTokens")
    assert await rig.gemini.count_tokens("hi", system="be brief") == 40
    sent = json.loads(rig.transport.requests[1].body)["generateContentRequest"]
    assert sent["model"] == "models/gemini-flash-latest"
    with pytest.raises(ServerError):
        await rig.gemini.with_options(max_attempts=1).count_tokens("hi")


async def test_a_health_check_asks_once_and_moves_nothing(build: Build) -> None:
    """It costs no tokens, and a wrong key is told without the key."""
    echo = {"code": 400, "message": "bad AIza-made-up-for-tests", "details": []}
    rig = build(Reply(json={"models": []}, delay=0.25), Reply(400, json={"error": echo}))
    health = await rig.gemini.health_check()
    assert (health.service, health.healthy, health.latency, health.circuit) == (
        "gemini",
        True,
        0.25,
        "closed",
    )
    assert rig.sent.url.endswith("/v1beta/models?pageSize=1")
    sick = await rig.gemini.health_check()
    assert not sick.healthy
    assert sick.error == "bad [redacted]"
    assert rig.failures == 0


async def test_views_differ_in_their_options_only(build: Build) -> None:
    """A view for one call or for many; the service itself stays as it is."""
    rig = build(refused(503), refused(503), answer({"text": "a"}), refused(400))
    quick = rig.gemini.with_options(max_attempts=1, headers={"x-a": "1"}, request_id="r-1")
    with pytest.raises(GeminiServerError) as caught:
        await quick.generate_text("hi")
    assert (caught.value.request_id, caught.value.operation) == ("r-1", "generate_content")
    assert {("x-a", "1"), ("x-request-id", "r-1")} <= set(rig.sent.headers)
    assert await rig.gemini.generate_text("hi") == "a"
    assert ("x-a", "1") not in rig.transport.requests[-1].headers


async def test_a_stream_has_its_views_options(build: Build) -> None:
    """Header fields, request id and attempts."""
    rig = build(Chunks([b""], status=503))
    with pytest.raises(ServerError) as caught:
        await rig.gemini.with_options(max_attempts=1, request_id="r-2").stream("hi").__aenter__()
    assert caught.value.request_id == "r-2"
    assert ("x-request-id", "r-2") in rig.sent.headers


async def test_an_option_that_does_not_exist_is_a_type_error(build: Build) -> None:
    """A typo is told, not sent."""
    gemini = build().gemini
    with pytest.raises(TypeError, match="temprature"):
        await gemini.generate_text("hi", temprature=1)
    with pytest.raises(TypeError, match="idle_timeout"):
        await gemini.generate_content("hi", idle_timeout=1)
    with pytest.raises(TypeError, match="temprature"):
        gemini.stream("hi", temprature=1)


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("temprature", "temperature"),
        ("max_tokens", "max_output_tokens"),
        ("system_instruction", "system"),
        ("timeout", "with_options"),
    ],
)
async def test_an_option_that_does_not_exist_is_told_what_it_may_be(
    build: Build, option: str, meant: str
) -> None:
    """Typos, and the names that other clients have."""
    with pytest.raises(TypeError, match=f"{option}.*did you mean {meant}"):
        await build().gemini.generate_text("hi", **{option: 1})


@pytest.mark.parametrize("model", [5, ["a", None], [["a"]]], ids=repr)
async def test_what_is_no_name_of_a_model_is_a_type_error(build: Build, model: Any) -> None:
    """A caller without a type checker is told too."""
    with pytest.raises(TypeError, match="a list of names"):
        await build().gemini.generate_text("hi", model=model)
    with pytest.raises(TypeError, match="a list of names"):
        build().gemini.with_models(model)


@pytest.mark.parametrize("method", ["generate_text", "generate_content", "count_tokens"])
async def test_an_empty_prompt_is_not_sent(build: Build, method: str) -> None:
    """Refused before anything is spent."""
    rig = build()
    with pytest.raises(InvalidRequestError, match="empty"):
        await getattr(rig.gemini, method)("")
    assert rig.transport.requests == []


async def test_an_error_of_the_key_is_one_of_authentication(build: Build) -> None:
    """Google answers 400 for a wrong key."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    with pytest.raises(GeminiAuthenticationError) as caught:
        await build(refused(400, info)).gemini.generate_text("hi")
    assert "GEMINI_API_KEY" in caught.value.suggestion


def test_a_repr_shows_no_key(build: Build) -> None:
    """Where and which model, nothing else."""
    gemini = build().gemini
    assert repr(gemini) == (
        "<GeminiService 'https://generativelanguage.googleapis.com/v1beta', model 'gemini-flash-latest'>"
    )
    assert gemini.name == "gemini"
