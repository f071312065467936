import json
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.gemini import Trim
from viber.testing import Reply

Build = Callable[..., Any]


def said(*parts: Any, prompt_tokens: int = 3) -> Reply:
    whole = {"content": {"parts": list(parts), "role": "model"}, "finishReason": "STOP"}
    usage = {"promptTokenCount": prompt_tokens, "candidatesTokenCount": 2}
    return Reply(json={"candidates": [whole], "usageMetadata": usage})


HELLO = {"text": "Hello", "thoughtSignature": "s", "hologram": {"x": 1}}


def sent(rig: Any, place: int) -> Any:
    return json.loads(rig.transport.requests[place].body)


def texts(rig: Any, place: int) -> list[str]:
    return [turn["parts"][0]["text"] for turn in sent(rig, place)["contents"]]


async def test_a_bound_leaves_out_the_oldest_exchanges(build: Build) -> None:
    """They are not sent, and stay in the history."""
    rig = build(*[said({"text": f"answer {number}"}, prompt_tokens=20 + 20 * number) for number in range(5)])
    chat = rig.gemini.chat(trim=Trim(100))
    for number in range(5):
        await chat.send(f"question {number}")
    sent_texts = texts(rig, 4)
    assert sent_texts[-1] == "question 4"
    assert 1 < len(sent_texts) < 9
    assert sent_texts[0].startswith("question")
    assert len(chat.history) == 10


async def test_a_bound_is_measured_by_what_the_server_counts(build: Build) -> None:
    """A server that counts less lets more go along."""
    lengths = []
    for counted in (1, 500):
        rig = build(*[said({"text": "a"}, prompt_tokens=counted) for _ in range(4)])
        chat = rig.gemini.chat(trim=Trim(50))
        for _ in range(4):
            await chat.send("a question of some length")
        lengths.append(len(sent(rig, 3)["contents"]))
    assert lengths == [7, 1]


async def test_a_chat_is_written_down_and_restored(build: Build) -> None:
    """Model, instruction, turns and usage; the turns as they came."""
    rig = build(said(HELLO), said({"text": "Bye"}), said({"text": "Bye"}))
    chat = rig.gemini.chat(model="m-1", system="Be brief")
    await chat.send("Hi")
    text = chat.to_json()
    again = rig.gemini.chat(restored=text)
    assert (again.history, again.usage, again.to_json()) == (chat.history, chat.usage, text)
    await again.send("Bye")
    assert "m-1" in rig.transport.requests[1].url
    assert sent(rig, 1)["contents"][1]["parts"] == [HELLO]
    assert sent(rig, 1)["systemInstruction"] == {"parts": [{"text": "Be brief"}]}
    await rig.gemini.chat(restored=text, model="m-2", system="Be long").send("Bye")
    assert "m-2" in rig.transport.requests[2].url
    assert sent(rig, 2)["systemInstruction"] == {"parts": [{"text": "Be long"}]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"version": 2, "models": ["m"], "system": null, "history": [], "usage": {}}',
        '{"version": 1, "models": [], "system": null, "history": [], "usage": {}}',
        '{"version": 1, "models": ["m"], "system": null, "history": [5], "usage": {}}',
        '{"version": 1, "models": ["m"], "system": null, "history": [], "usage": {"promptTokenCount": []}}',
    ],
)
def test_what_is_no_chat_is_not_restored(build: Build, text: str) -> None:
    """It says what to give."""
    with pytest.raises(InvalidRequestError, match="no chat") as caught:
        build().gemini.chat(restored=text)
    assert "to_json" in caught.value.suggestion


async def test_the_model_that_answers_first_goes_on_answering(build: Build) -> None:
    """Another one would not know its signatures."""
    rig = build(Reply(404, json={"error": {"code": 404}}), said(HELLO), said(HELLO))
    chat = rig.gemini.chat(model=["m-1", "m-2"])
    await chat.send("Hi")
    await chat.send("Hi")
    assert [request.url.rpartition("/")[2].partition(":")[0] for request in rig.transport.requests] == [
        "m-1",
        "m-2",
        "m-2",
    ]


@pytest.mark.parametrize(
    ("turns", "message"),
    [
        ([{"role": "user", "parts": [{"text": 5}]}], "text"),
        ([{"role": "user", "parts": [{"inlineData": "x"}]}], "inlineData"),
        ([{"role": "user", "parts": []}], "empty"),
        ([{"role": "model", "parts": [{"text": "a"}]}], "begins with the user"),
        ([{"role": "tool", "parts": [{"text": "a"}]}], "role"),
    ],
)
async def test_a_turn_that_is_none_is_the_callers_fault(build: Build, turns: Any, message: str) -> None:
    """Whether it comes from a history, or from what was written down."""
    gemini = build().gemini
    with pytest.raises(InvalidRequestError, match=message):
        gemini.chat(history=turns)
    written = {"version": 1, "models": ["m"], "system": None, "history": turns, "usage": {}}
    with pytest.raises(InvalidRequestError):
        gemini.chat(restored=json.dumps(written))
    if message in ("text", "inlineData"):
        with pytest.raises(InvalidRequestError, match=message):
            await gemini.chat().send(turns)
