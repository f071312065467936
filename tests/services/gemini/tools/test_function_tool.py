import asyncio
import functools
import gc
import threading
import weakref
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from viber.errors import Delivery, InvalidRequestError
from viber.services.gemini import FunctionTool


class Place(BaseModel):
    city: str


async def get_weather(
    place: Place, unit: Literal["C", "F"] = "C", *, days: Annotated[int, Field(ge=1)] = 1
) -> str:
    """What the weather will be.

    Args:
        place: Where.
        unit: Celsius or Fahrenheit.
        days: From today on.
    """
    return f"{place.city} {unit} {days}"


class Thermometer:
    def read(self, copy: bool) -> int:  # noqa: FBT001 - a name that pydantic's models keep for themselves
        return 20 + copy

    def __call__(self, _room: str) -> int:
        return 21


def test_a_declaration_is_annotations_and_docstring() -> None:
    """Arguments with a default may be left out; none but those declared may be given."""
    declaration = FunctionTool.of(get_weather).declaration
    assert declaration["name"] == "get_weather"
    assert declaration["description"] == "What the weather will be."
    schema = declaration["parametersJsonSchema"]
    assert schema["required"] == ["place"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["unit"] == {
        "type": "string",
        "enum": ["C", "F"],
        "description": "Celsius or Fahrenheit.",
    }
    assert schema["properties"]["days"] == {
        "type": "integer",
        "minimum": 1,
        "description": "From today on.",
    }


def test_a_declaration_can_be_given() -> None:
    """Name and description, when the function's own will not do."""
    tool = FunctionTool.of(functools.partial(get_weather, days=2), name="w", description="Weather")
    assert (tool.declaration["name"], tool.declaration["description"]) == ("w", "Weather")


def test_a_function_is_looked_at_once() -> None:
    """As long as it lives; under another name it is declared anew, and what has gone is not remembered."""

    def short(text: str) -> str:
        return text

    first, again = FunctionTool.of(short), FunctionTool.of(short, description="Other")
    assert first.parameters is again.parameters
    assert FunctionTool.of(short, name="long").name == "long"
    gone = weakref.ref(short)
    del short, first, again
    gc.collect()
    assert gone() is None


async def test_arguments_are_checked_before_the_call() -> None:
    """The function gets what its annotations say."""
    tool = FunctionTool.of(get_weather)
    assert await tool.call({"place": {"city": "Oslo"}, "days": 3}) == "Oslo C 3"
    for wrong in ({}, {"place": {"city": 1}}, {"place": {"city": "x"}, "hours": 1}):
        with pytest.raises(ValidationError):
            await tool.call(wrong)


async def test_a_plain_function_runs_in_a_thread() -> None:
    """It does not hold up the event loop."""

    def where() -> str:
        return threading.current_thread().name

    assert await FunctionTool.of(where).call({}) != threading.current_thread().name


async def test_a_plain_function_that_runs_out_of_items_fails() -> None:
    """No future can hold a StopIteration: without help, who waits for the thread would wait for ever."""

    def first() -> int:
        return next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(FunctionTool.of(first).call({}), 10)


async def test_whatever_can_be_called_is_a_tool() -> None:
    """Methods, objects, partials, and functions that return something to be awaited."""

    def later(text: str) -> asyncio.Future[str]:
        async def said() -> str:
            return text

        return said()  # type: ignore[return-value]  # what matters is that it can be awaited

    assert await FunctionTool.of(Thermometer().read).call({"copy": True}) == 21
    assert await FunctionTool.of(Thermometer(), name="t").call({"_room": "a"}) == 21
    assert (
        await FunctionTool.of(functools.partial(get_weather, days=2), name="w").call(
            {"place": {"city": "Rome"}}
        )
        == "Rome C 2"
    )
    assert await FunctionTool.of(later).call({"text": "a"}) == "a"


def untyped(city):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - the mistake itself
    return city


def of_anything(city: Any) -> None: ...


def of_function(city: Callable[[], None]) -> None: ...


def of_many(*cities: str) -> None: ...


def of_rest(**cities: str) -> None: ...


def unnamed(city: str, /) -> None: ...


def of_foreign(city: asyncio.Event) -> None: ...


def unknown(city: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821 - the mistake itself


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (untyped, "`city` has no annotation"),
        (of_anything, r"of_anything\.city"),
        (of_function, r"of_function\.city"),
        (of_many, "no name"),
        (of_rest, "no name"),
        (unnamed, "no name"),
        (of_foreign, "of_foreign"),
        (unknown, "Nowhere"),
        (lambda: None, "<lambda>"),
        (functools.partial(get_weather), "name of a tool"),
    ],
)
def test_what_cannot_be_declared_is_refused(function: Any, message: str) -> None:
    """When it is declared, not when the model calls it."""
    with pytest.raises(InvalidRequestError, match=message) as caught:
        FunctionTool.of(function)
    assert caught.value.delivery is Delivery.NOT_SENT
