import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import InvalidRequestError, StreamInterruptedError
from viber.services.gemini import (
    AnswerBlockedError,
    Content,
    GeminiInvalidRequestError,
    NoTextError,
    Part,
)
from viber.testing import Chunks, Hang, Reply, StreamState

Build = Callable[..., Any]


def answer(*parts: Any, finish: str = "STOP", prompt_tokens: int = 3) -> dict[str, Any]:
    said = {"content": {"parts": list(parts), "role": "model"}, "finishReason": finish}
    usage = {"promptTokenCount": prompt_tokens, "candidatesTokenCount": 2}
    return {"candidates": [said], "usageMetadata": usage}


def said(*parts: Any, **fields: Any) -> Reply:
    return Reply(json=answer(*parts, **fields))


def event(payload: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def streamed(text: str, finish: str = "STOP") -> Chunks:
    return Chunks([event(answer({"text": text}, finish=finish))])


HELLO = {"text": "Hello", "thoughtSignature": "s", "hologram": {"x": 1}}


def sent(rig: Any, place: int) -> Any:
    return json.loads(rig.transport.requests[place].body)


def texts(rig: Any, place: int) -> list[str]:
    return [turn["parts"][0]["text"] for turn in sent(rig, place)["contents"]]


async def test_each_message_goes_out_with_what_was_said(build: Build) -> None:
    """As it was said: signatures and parts that nobody knows among it."""
    rig = build(said({"text": "hm", "thought": True}, HELLO), said({"text": "Bye"}))
    chat = rig.gemini.chat(system="Be brief", temperature=0.5)
    assert (await chat.send("Hi")).text == "Hello"
    await chat.send(["Bye", Part.of_text("now")], max_output_tokens=9)
    asked, own, message = sent(rig, 1)["contents"]
    assert asked == {"parts": [{"text": "Hi"}], "role": "user"}
    assert own == {"parts": [{"text": "hm", "thought": True}, HELLO], "role": "model"}
    assert message["parts"] == [{"text": "Bye"}, {"text": "now"}]
    assert sent(rig, 1)["systemInstruction"] == {"parts": [{"text": "Be brief"}]}
    assert sent(rig, 1)["generationConfig"] == {"temperature": 0.5, "maxOutputTokens": 9}
    assert (len(chat.history), chat.usage.total_tokens) == (4, 10)


@pytest.mark.parametrize(
    "content", [{"parts": [{"text": "\n"}], "role": "model"}, {"parts": [{"text": "Hello"}]}], ids=repr
)
async def test_a_chat_goes_on_after_an_odd_answer(build: Build, content: dict[str, Any]) -> None:
    """A blank alone, or one without a role, is the model's turn all the same."""
    odd = Reply(json={"candidates": [{"content": content, "finishReason": "STOP"}]})
    rig = build(odd, said({"text": "Bye"}))
    chat = rig.gemini.chat()
    await chat.send("Hi")
    await chat.send("Bye")
    assert sent(rig, 1)["contents"][1] == {**content, "role": "model"}


async def test_a_history_can_be_given(build: Build) -> None:
    """A chat goes on from it."""
    rig = build(said({"text": "c"}))
    chat = rig.gemini.chat(history=["a", Content(role="model", parts=(Part(text="b"),))])
    await chat.send("next")
    assert texts(rig, 0) == ["a", "b", "next"]


@pytest.mark.parametrize(
    "history", [[{"role": "model", "parts": [{"text": "b"}]}], [{"role": "tool", "parts": [{"text": "b"}]}]]
)
def test_a_history_that_gemini_would_refuse_is_refused(build: Build, history: Any) -> None:
    """The user begins, and roles are known."""
    with pytest.raises(InvalidRequestError):
        build().gemini.chat(history=history)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(400, json={"error": {"code": 400, "message": "no"}}), GeminiInvalidRequestError),
        (said(HELLO, finish="SAFETY"), AnswerBlockedError),
        (said(), NoTextError),
        (said({"text": ""}), NoTextError),
    ],
)
async def test_a_failed_turn_leaves_the_history_as_it_was(
    build: Build, reply: Reply, kind: type[Exception]
) -> None:
    """What went wrong is no part of the conversation, and it can go on."""
    rig = build(reply, said(HELLO))
    chat = rig.gemini.chat()
    with pytest.raises(kind):
        await chat.send("Hi")
    assert chat.history == ()
    assert (await chat.send("Hi again")).text == "Hello"
    assert texts(rig, 1) == ["Hi again"]


async def test_an_answer_that_was_cut_is_part_of_the_conversation(build: Build) -> None:
    """The user may ask for the rest."""
    chat = build(said(HELLO, finish="MAX_TOKENS")).gemini.chat()
    await chat.send("Hi")
    assert len(chat.history) == 2


async def test_a_turn_is_streamed(build: Build) -> None:
    """And in the history after the block."""
    rig = build(streamed("Hello"), said({"text": "Bye"}))
    chat = rig.gemini.chat()
    async with chat.stream("Hi") as tokens:
        assert [token.text async for token in tokens] == ["Hello"]
        assert chat.history == ()
    assert chat.usage.total_tokens == 5
    await chat.send("Bye")
    assert texts(rig, 1) == ["Hi", "Hello", "Bye"]


@pytest.mark.parametrize("how", ["break", "error", "cut", "withheld"])
async def test_a_broken_stream_leaves_the_history_as_it_was(build: Build, how: str) -> None:
    """Left early, failed or withheld; the connection is gone, and the chat can go on."""
    pieces = {"cut": [event({"candidates": [{"content": {"parts": [HELLO]}}]})]}.get(
        how, [event(answer(HELLO, finish="SAFETY" if how == "withheld" else "STOP"))]
    )
    rig = build(Chunks([*pieces, *([Hang()] if how == "break" else [])]), said(HELLO))
    chat = rig.gemini.chat()

    async def use() -> None:
        async with chat.stream("Hi") as tokens:
            async for _ in tokens:
                if how == "break":
                    break
            if how == "error":
                raise KeyError

    kind = {"error": KeyError, "cut": StreamInterruptedError, "withheld": AnswerBlockedError}.get(how)
    if kind is None:
        await use()
    else:
        with pytest.raises(kind):
            await use()
    assert chat.history == ()
    assert rig.transport.open_streams == 0
    await chat.send("Hi again")
    assert texts(rig, 1) == ["Hi again"]


async def test_one_turn_at_a_time(build: Build) -> None:
    """A second one is told so; the first is not disturbed, and cancelled it frees the chat."""
    rig = build(Hang(), said(HELLO))
    chat = rig.gemini.chat()
    first = asyncio.ensure_future(chat.send("Hi"))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another turn"):
        await chat.send("And?")
    with pytest.raises(RuntimeError, match="another turn"):
        await chat.stream("And?").__aenter__()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await chat.send("Hi")).text == "Hello"


async def test_a_stream_that_does_not_begin_frees_the_chat(build: Build) -> None:
    """The error is that of the stream."""
    rig = build(Chunks([b""], status=400), said(HELLO))
    chat = rig.gemini.chat()
    with pytest.raises(InvalidRequestError):
        await chat.stream("Hi").__aenter__()
    assert (await chat.send("Hi")).text == "Hello"


async def test_tools_are_part_of_the_history(build: Build) -> None:
    """Calls with their signatures, and what was told of them."""

    async def find(name: str) -> str:
        return name.upper()

    call = {"functionCall": {"name": "find", "args": {"name": "a"}}, "thoughtSignature": "s"}
    rig = build(said(call), said({"text": "A"}), said({"text": "Bye"}))
    chat = rig.gemini.chat(tools=[find])
    await chat.send("Find a")
    await chat.send("Bye")
    roles = [turn["role"] for turn in sent(rig, 2)["contents"]]
    assert roles == ["user", "model", "user", "model", "user"]
    assert sent(rig, 2)["contents"][1]["parts"] == [call]


async def test_calls_can_be_answered_by_the_caller(build: Build) -> None:
    """The response is the next message."""
    call = {"functionCall": {"id": "c", "name": "find", "args": {}}}
    rig = build(said(call), said({"text": "A"}))
    chat = rig.gemini.chat(tools=[{"name": "find"}])
    (asked,) = (await chat.send("Find")).function_calls
    await chat.send(Part.of_function_response(asked, {"output": 1}))
    response = {"id": "c", "name": "find", "response": {"output": 1}}
    assert sent(rig, 1)["contents"][-1]["parts"] == [{"functionResponse": response}]


async def test_misuse_is_told(build: Build) -> None:
    """Before anything is sent."""
    rig = build()
    with pytest.raises(TypeError, match="not both"):
        rig.gemini.chat(restored=rig.gemini.chat().to_json(), history=["a"])
    with pytest.raises(TypeError, match="temprature"):
        rig.gemini.chat(temprature=1)
    with pytest.raises(InvalidRequestError, match="one turn"):
        await rig.gemini.chat().send(["a", Content(role="model", parts=(Part(text="b"),))])
    with pytest.raises(InvalidRequestError, match="empty"):
        await rig.gemini.chat().send("")
    assert rig.transport.requests == []


async def test_a_stream_of_a_chat_is_kept(build: Build) -> None:
    """Its connection is used again."""
    rig = build(streamed("Hello"))
    async with rig.gemini.chat().stream("Hi") as tokens:
        _ = [token async for token in tokens]
    assert rig.transport.streams[0].state is StreamState.KEPT


def test_a_repr_tells_no_word(build: Build) -> None:
    """Only which model, and how long it is."""
    chat = build().gemini.chat(history=["secret"])
    assert repr(chat) == "<Chat with gemini-flash-latest, 1 turns>"
