from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.gemini.tools._toolbox import Toolbox

Build = Callable[..., Any]


async def get_weather(city: str) -> dict[str, str]:
    """What the weather is."""
    return {"sky": f"rain in {city}"}


def test_built_in_tools_go_by_name() -> None:
    """And beside functions; what has no name here goes as Google's JSON."""
    toolbox = Toolbox.of(["google_search", get_weather, {"fileSearch": {"x": 1}}])
    functions, search, files = toolbox.wire
    assert functions["functionDeclarations"][0]["name"] == "get_weather"
    assert (search, files) == ({"googleSearch": {}}, {"fileSearch": {"x": 1}})


def test_declarations_may_be_in_snake_case() -> None:
    """Functions declared so are the caller's to call, as in the other spelling."""
    toolbox = Toolbox.of([get_weather, {"function_declarations": [{"name": "find"}]}])
    assert toolbox.foreign == {"find"}
    assert toolbox.wire[1] == {"functionDeclarations": [{"name": "find"}]}


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        (["google_serch"], "google_serch"),
        ([get_weather, get_weather], "two tools"),
        ([get_weather, {"name": "get_weather"}], "two tools"),
    ],
)
async def test_tools_that_mean_nothing_are_refused(build: Build, tools: Any, message: str) -> None:
    """Nothing is sent."""
    rig = build()
    with pytest.raises(InvalidRequestError, match=message):
        await rig.gemini.generate_text("?", tools=tools)
    with pytest.raises(InvalidRequestError, match=message):
        rig.gemini.stream("?", tools=tools)
    assert rig.transport.requests == []


async def test_what_is_no_tool_is_a_type_error(build: Build) -> None:
    """A caller without a type checker is told too."""
    with pytest.raises(TypeError, match="int"):
        await build().gemini.generate_text("?", tools=[5])


@pytest.mark.parametrize("tools", [get_weather, "google_search", {"googleSearch": {}}], ids=repr)
def test_a_tool_alone_is_a_type_error(tools: Any) -> None:
    """It would be taken apart, letter by letter."""
    with pytest.raises(TypeError, match="a list"):
        Toolbox.of(tools)
