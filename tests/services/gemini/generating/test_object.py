import enum
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic asks for it below Python 3.12

from viber.errors import InvalidRequestError
from viber.services.gemini import AnswerBlockedError, AnswerCutError, NoObjectError, NoTextError
from viber.testing import Reply

Build = Callable[..., Any]


class Recipe(BaseModel):
    title: str
    minutes: int = Field(gt=0)


class Point(TypedDict):
    x: int


@dataclass
class Pair:
    left: int
    right: int


class Colour(enum.Enum):
    RED = "red"


def said(text: str, finish: str = "STOP", **candidate: Any) -> Reply:
    part = {"text": text, "thoughtSignature": "s"}
    whole = {"content": {"parts": [part], "role": "model"}, "finishReason": finish, **candidate}
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2}
    return Reply(json={"candidates": [whole], "usageMetadata": usage})


def sent(rig: Any, place: int) -> Any:
    return json.loads(rig.transport.requests[place].body)


GOOD = '{"title": "Cookies", "minutes": 20}'
WRONG = '{"title": "Cookies", "minutes": 0}'


async def test_an_object_is_asked_for_by_its_schema(build: Build) -> None:
    """And comes as a value of the type; other settings stay."""
    rig = build(said(GOOD))
    recipe = await rig.gemini.generate_object("Cookies", Recipe, temperature=0.5)
    assert recipe == Recipe(title="Cookies", minutes=20)
    settings = sent(rig, 0)["generationConfig"]
    assert settings["responseMimeType"] == "application/json"
    assert settings["responseJsonSchema"]["required"] == ["title", "minutes"]
    assert settings["temperature"] == 0.5


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (list[Recipe], f"[{GOOD}]", [Recipe(title="Cookies", minutes=20)]),
        (Point, '{"x": 1}', {"x": 1}),
        (Pair, '{"left": 1, "right": 2}', Pair(1, 2)),
        (Colour, '"red"', Colour.RED),
        (TypeAdapter(int | None), "null", None),
    ],
    ids=["list", "TypedDict", "dataclass", "enum", "adapter"],
)
async def test_any_type_will_do(build: Build, kind: Any, text: str, expected: Any) -> None:
    """What pydantic can check."""
    assert await build(said(text)).gemini.generate_object("?", kind) == expected


async def test_what_does_not_fit_goes_back_once(build: Build) -> None:
    """The model sees its own answer verbatim, and what is wrong with it."""
    rig = build(said(WRONG), said(GOOD))
    assert (await rig.gemini.generate_object("Cookies", Recipe)).minutes == 20
    _, own, complaint = sent(rig, 1)["contents"]
    assert own == {"parts": [{"text": WRONG, "thoughtSignature": "s"}], "role": "model"}
    assert "minutes: Input should be greater than 0" in complaint["parts"][0]["text"]
    assert complaint["role"] == "user"


@pytest.mark.parametrize(("repairs", "requests"), [(0, 1), (1, 2), (2, 3)])
async def test_repairs_are_bounded(build: Build, repairs: int, requests: int) -> None:
    """In the end the error holds the text and what is wrong with it."""
    rig = build(*[said(WRONG)] * requests)
    with pytest.raises(NoObjectError, match="Recipe") as caught:
        await rig.gemini.generate_object("Cookies", Recipe, repairs=repairs)
    assert caught.value.text == WRONG
    assert caught.value.complaints == ("minutes: Input should be greater than 0",)
    assert len(rig.transport.requests) == requests
    assert rig.failures == 0


@pytest.mark.parametrize("text", ["Here it is: {}", '{"title": "Coo', ""])
async def test_what_is_no_json_is_no_object(build: Build, text: str) -> None:
    """However it begins."""
    rig = build(said(text))
    with pytest.raises((NoObjectError, NoTextError)):
        await rig.gemini.generate_object("Cookies", Recipe, repairs=0)


async def test_the_error_shows_no_secret(build: Build) -> None:
    """Not even one that the model repeats."""
    key = "AIza-made-up-for-tests"
    rig = build(said(json.dumps({"title": key, "minutes": 0})))
    with pytest.raises(NoObjectError) as caught:
        await rig.gemini.generate_object("Cookies", Recipe, repairs=0)
    error = pickle.loads(pickle.dumps(caught.value))
    assert key not in f"{error!r} {error.text} {error.complaints} {error.details}"


@pytest.mark.parametrize(
    ("finish", "kind"),
    [
        ("MAX_TOKENS", AnswerCutError),
        ("SAFETY", AnswerBlockedError),
        ("RECITATION", AnswerBlockedError),
        ("OTHER", AnswerBlockedError),
        ("BORED", AnswerBlockedError),
    ],
)
async def test_half_an_object_is_none(build: Build, finish: str, kind: type[Exception]) -> None:
    """Even if what is there fits: the answer did not come to its own end. It is not sent back."""
    rating = {"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH"}
    rig = build(said(GOOD, finish, safetyRatings=[rating], finishMessage="because"))
    with pytest.raises(kind) as caught:
        await rig.gemini.generate_object("Cookies", Recipe)
    assert caught.value.details["finish_reason"] == finish  # type: ignore[attr-defined]  # one of ours
    assert caught.value.details["safety_ratings"] == [rating]  # type: ignore[attr-defined]  # one of ours


class Opaque:
    pass


@pytest.mark.parametrize("kind", [Opaque, list[Any]])
async def test_a_type_that_cannot_be_asked_for_is_refused(build: Build, kind: Any) -> None:
    """Nothing is sent."""
    rig = build()
    with pytest.raises(InvalidRequestError):
        await rig.gemini.generate_object("?", kind)
    assert rig.transport.requests == []


async def test_a_schema_is_no_type(build: Build) -> None:
    """A caller without a type checker is told where it belongs."""
    with pytest.raises(TypeError, match="responseJsonSchema"):
        await build().gemini.generate_object("?", {"type": "object"})


async def test_tools_may_be_called_on_the_way(build: Build) -> None:
    """The object comes after them."""

    async def find(name: str) -> int:
        return 20

    call = {"functionCall": {"name": "find", "args": {"name": "a"}}}
    calling = {"content": {"parts": [call], "role": "model"}, "finishReason": "STOP"}
    rig = build(Reply(json={"candidates": [calling]}), said(GOOD))
    assert (await rig.gemini.generate_object("Cookies", Recipe, tools=[find])).minutes == 20
    assert len(sent(rig, 1)["contents"]) == 3
