import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import InvalidRequestError, TransportError
from viber.services.gemini import FunctionTool, ToolRoundsError
from viber.testing import Reply

Build = Callable[..., Any]
USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}


def answer(*parts: Any) -> dict[str, Any]:
    said = {"content": {"parts": list(parts), "role": "model"}, "finishReason": "STOP"}
    return {"candidates": [said], "usageMetadata": USAGE}


def call(name: str, number: str | None = None, /, **args: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": args} | ({"id": number} if number else {})}


def calling(*parts: Any) -> Reply:
    return Reply(json=answer(*parts))


DONE = calling({"text": "It rains."})


async def get_weather(city: str) -> dict[str, str]:
    """What the weather is."""
    return {"sky": f"rain in {city}"}


def sent(rig: Any, place: int) -> Any:
    return json.loads(rig.transport.requests[place].body)


def told(rig: Any) -> list[Any]:
    """The responses in the second request."""
    return [part["functionResponse"]["response"] for part in sent(rig, 1)["contents"][-1]["parts"]]


async def test_a_tool_is_called_and_the_model_told(build: Build) -> None:
    """The declaration goes along, the answer comes after the result; both are in the record."""
    rig = build(calling(call("get_weather", "c-1", city="Oslo")), DONE)
    whole = await rig.gemini.generate_content("Weather?", tools=[get_weather])
    assert whole.text == "It rains."
    (declaration,) = sent(rig, 0)["tools"][0]["functionDeclarations"]
    assert declaration["description"] == "What the weather is."
    response = {"id": "c-1", "name": "get_weather", "response": {"sky": "rain in Oslo"}}
    assert sent(rig, 1)["contents"][-1] == {"role": "user", "parts": [{"functionResponse": response}]}
    (made,) = whole.tool_calls
    assert (made.name, made.args, made.response, made.error) == (
        "get_weather",
        {"city": "Oslo"},
        {"sky": "rain in Oslo"},
        None,
    )
    assert whole.usage.total_tokens == 10
    assert [turn.role for turn in whole.turns] == ["model", "user", "model"]


async def test_what_the_model_said_comes_back_verbatim(build: Build) -> None:
    """Signatures, thoughts and parts that nobody knows among it."""
    parts = [
        {"text": "hm", "thought": True, "thoughtSignature": "a"},
        {**call("get_weather", city="Oslo"), "thoughtSignature": "b", "hologram": {"x": None}},
        call("get_weather", city="Rome"),
    ]
    rig = build(calling(*parts), DONE)
    await rig.gemini.generate_text("Weather?", tools=[get_weather])
    assert sent(rig, 1)["contents"][1] == {"role": "model", "parts": parts}
    assert told(rig) == [{"sky": "rain in Oslo"}, {"sky": "rain in Rome"}]


async def test_an_empty_text_is_not_said_again(build: Build) -> None:
    """Not every server takes it back; with a signature it has to be."""
    signed = {"text": "", "thoughtSignature": "s"}
    rig = build(calling({"text": ""}, call("get_weather", city="Oslo"), signed), DONE)
    await rig.gemini.generate_text("?", tools=[get_weather])
    assert sent(rig, 1)["contents"][1]["parts"] == [call("get_weather", city="Oslo"), signed]


async def test_the_calls_of_a_round_run_at_once(build: Build) -> None:
    """Each waits for the other one: one after the other they would never end."""
    both = asyncio.Barrier(2)

    async def meet(name: str) -> str:
        await both.wait()
        return name

    rig = build(calling(call("meet", name="a"), call("meet", name="b")), DONE)
    await rig.gemini.generate_text("?", tools=[meet])
    assert told(rig) == [{"output": "a"}, {"output": "b"}]


class Cell(BaseModel):
    price: Decimal
    weight: float


@pytest.mark.parametrize(
    ("result", "response"),
    [
        (None, {"output": None}),
        ([1, 2], {"output": [1, 2]}),
        ({"a": 1}, {"a": 1}),
        (Cell(price=Decimal("1.50"), weight=2.5), {"price": "1.50", "weight": 2.5}),
        (float("nan"), {"output": "NaN"}),
    ],
    ids=repr,
)
async def test_a_result_is_told_as_json(build: Build, result: Any, response: Any) -> None:
    """An object as it is, anything else as the output."""

    async def find() -> Any:
        return result

    rig = build(calling(call("find")), DONE)
    await rig.gemini.generate_text("?", tools=[find])
    assert told(rig) == [response]


def failing(error: BaseException) -> Callable[..., Any]:
    async def find(number: int = 0) -> Any:
        raise error

    return find


async def unwritable() -> Any:
    return object()


async def cancelled() -> None:
    raise asyncio.CancelledError


async def find(number: int) -> None: ...


@pytest.mark.parametrize(
    ("tool", "asked", "expected"),
    [
        (failing(KeyError("x")), call("find"), "KeyError: 'x'"),
        (failing(TransportError("no way")), call("find"), "no way"),
        (failing(TimeoutError("late")), call("find"), "TimeoutError: late"),
        (failing(ValueError("password=hunter2")), call("find"), "ValueError: password=[redacted]"),
        (find, call("find", number="x"), "number: Input should be a valid integer"),
        (find, call("lose"), "there is no function 'lose'; there are find"),
        (failing(ValueError("\ud800")), call("find"), "ValueError: ?"),
        (unwritable, call("unwritable"), "PydanticSerializationError"),
        (cancelled, call("cancelled"), "cancelled was cancelled"),
    ],
)
async def test_what_goes_wrong_is_told_to_the_model_and_recorded(
    build: Build, tool: Any, asked: Any, expected: str
) -> None:
    """The caller sees it in the record; the model may try again."""
    rig = build(calling(asked), DONE)
    whole = await rig.gemini.generate_content("?", tools=[tool])
    ((_, text),) = told(rig)[0].items()
    assert expected in text
    assert whole.tool_calls[0].response == {"error": text}
    assert whole.tool_calls[0].error is not None


@pytest.mark.parametrize("own", [None, 2.0])
async def test_a_tool_has_a_time_limit(build: Build, own: float | None) -> None:
    """One for all of the call, or its own."""

    async def hang() -> None:
        await asyncio.Event().wait()

    rig = build(calling(call("hang")), DONE)
    tool = FunctionTool.of(hang, timeout=own)
    whole = await rig.gemini.generate_content("?", tools=[tool], tool_timeout=5.0)
    assert told(rig) == [{"error": f"TimeoutError: no result within {own or 5.0} s"}]
    assert whole.tool_calls[0].seconds == (own or 5.0)
    assert rig.clock.now() == (own or 5.0)


async def test_rounds_are_bounded(build: Build) -> None:
    """A model that never answers is given up; the error tells what it called."""
    rig = build(*[calling(call("get_weather", city=str(number))) for number in range(3)])
    with pytest.raises(ToolRoundsError, match="2 rounds") as caught:
        await rig.gemini.generate_text("?", tools=[get_weather], max_tool_rounds=2)
    assert [made.args for made in caught.value.tool_calls] == [{"city": "0"}, {"city": "1"}]
    assert len(rig.transport.requests) == 3


@pytest.mark.parametrize("finish", ["MALFORMED_FUNCTION_CALL", "SAFETY", "UNEXPECTED_TOOL_CALL"])
async def test_what_is_withheld_calls_nothing(build: Build, finish: str) -> None:
    """A call in such an answer is not what the model would have called."""
    withheld = answer(call("get_weather", city="Oslo"))
    withheld["candidates"][0]["finishReason"] = finish
    whole = await build(Reply(json=withheld)).gemini.generate_content("?", tools=[get_weather])
    assert (whole.finish_reason, whole.tool_calls) == (finish, ())
    assert len(whole.function_calls) == 1


async def test_a_bound_below_zero_is_refused(build: Build) -> None:
    """It bounds nothing."""
    with pytest.raises(InvalidRequestError, match="max_tool_rounds"):
        await build().gemini.generate_text("?", tools=[get_weather], max_tool_rounds=-1)


async def test_an_error_after_tools_tells_that_they_were_called(build: Build) -> None:
    """Asking again would call them again."""
    rig = build(calling(call("get_weather", city="Oslo")), Reply(400, json={"error": {"code": 400}}))
    with pytest.raises(InvalidRequestError) as caught:
        await rig.gemini.generate_text("?", tools=[get_weather])
    assert "tools had been called: get_weather" in caught.value.__notes__


@pytest.mark.parametrize(
    ("tools", "automatic"),
    [
        ([get_weather], False),
        ([{"name": "get_weather"}], True),
        ([{"functionDeclarations": [{"name": "get_weather"}]}, find], True),
    ],
)
async def test_calling_can_be_left_to_the_caller(build: Build, tools: Any, *, automatic: bool) -> None:
    """Declarations without a function are the caller's; then nothing of the round is called here."""
    rig = build(calling(call("get_weather", city="Oslo"), call("find", number=1)))
    whole = await rig.gemini.generate_content("?", tools=tools, automatic=automatic)
    assert [one.name for one in whole.function_calls] == ["get_weather", "find"]
    assert whole.tool_calls == ()


async def test_a_call_that_is_demanded_is_demanded_once(build: Build) -> None:
    """Demanded in each round, the model could never answer."""
    rig = build(calling(call("get_weather", city="Oslo")), DONE)
    config = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}}
    await rig.gemini.generate_text("?", tools=[get_weather], tool_config=config)
    assert sent(rig, 0)["toolConfig"] == config
    assert sent(rig, 1)["toolConfig"] == {"functionCallingConfig": {"mode": "AUTO"}}


async def test_a_tool_config_may_be_in_snake_case(build: Build) -> None:
    """Google reads both spellings; what is demanded is seen in either, and demanded once."""
    rig = build(calling(call("get_weather", city="Oslo")), DONE)
    config = {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["get_weather"]}}
    await rig.gemini.generate_text("?", tools=[get_weather], tool_config=config)
    demanded = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}}
    assert sent(rig, 0)["toolConfig"] == demanded
    assert sent(rig, 1)["toolConfig"] == {"functionCallingConfig": {"mode": "AUTO"}}


async def test_arguments_in_pieces_are_the_callers(build: Build) -> None:
    """A call that is not whole cannot be made."""
    config = {"functionCallingConfig": {"streamFunctionCallArguments": True}}
    with pytest.raises(InvalidRequestError, match="pieces"):
        await build().gemini.generate_text("?", tools=[get_weather], tool_config=config)
    rig = build(DONE)
    await rig.gemini.generate_text("?", tools=[{"name": "get_weather"}], tool_config=config)
    assert sent(rig, 0)["toolConfig"] == config


async def test_cancellation_stops_the_tools(build: Build) -> None:
    """All of them, before it goes on; nothing is told to the model."""
    ended: list[str] = []
    started = asyncio.Event()

    async def hang(name: str) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    rig = build(calling(call("hang", name="a"), call("hang", name="b")))
    task = asyncio.ensure_future(rig.gemini.generate_text("?", tools=[hang], tool_timeout=None))
    await started.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(ended) == ["a", "b"]
    assert len(rig.transport.requests) == 1
