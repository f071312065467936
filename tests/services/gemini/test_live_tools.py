"""Tools, objects and chats over real connections, against the sandbox's Gemini server."""

import threading
from typing import Any

import pytest
from pydantic import BaseModel, Field

from viber.services.gemini import (
    AnswerBlockedError,
    AnswerCutError,
    GeminiInvalidRequestError,
    NoObjectError,
    PromptBlockedError,
    Trim,
)


class Recipe(BaseModel):
    title: str
    minutes: int = Field(ge=5)
    steps: list[str]


async def get_weather(city: str) -> dict[str, Any]:
    """What the weather is.

    Args:
        city: Its name.
    """
    return {"city": city, "degrees": 7}


def get_time(zone: str = "UTC") -> str:
    """What time it is."""
    return f"{zone} in {threading.current_thread() is threading.main_thread()}"


async def test_tools_are_called_until_the_model_answers(live: Any) -> None:
    """Async and plain functions in one round; the server is content with the signatures that come back."""
    whole = await live.gemini.generate_content("[[call]] now", tools=[get_weather, get_time])
    assert whole.text.startswith("get_weather returned ")
    assert [made.name for made in whole.tool_calls] == ["get_weather", "get_time"]
    assert whole.tool_calls[1].response["output"].endswith("in False")
    usage = (await live.stats())["usage"]
    assert whole.usage.total_tokens == usage["totalTokenCount"]


async def test_a_stream_goes_on_after_tools(live: Any) -> None:
    """The same answer in pieces, over two connections that are both kept."""
    whole = await live.gemini.generate_content("[[call]] now", tools=[get_weather])
    async with live.gemini.stream("[[call]] now", tools=[get_weather]) as tokens:
        texts = [token.text async for token in tokens if token.text]
    assert "".join(texts) == tokens.text == whole.text
    assert tokens.usage.total_tokens == whole.usage.total_tokens
    assert tokens.response.tool_calls == whole.tool_calls
    assert (await live.quiet())["streams_finished"] == 2


async def test_a_lost_signature_is_refused(live: Any) -> None:
    """What the tests above show is no accident: the server looks for it."""
    whole = await live.gemini.generate_content("[[call]] now", tools=[get_weather], automatic=False)
    unsigned = [{"role": "model", "parts": [{"functionCall": whole.function_calls[0].to_wire()}]}]
    with pytest.raises(GeminiInvalidRequestError, match="thought_signature"):
        await live.gemini.generate_content(["now", *unsigned, "?"], tools=[get_weather])


async def test_an_object(live: Any) -> None:
    """Of a model, of a list, mended when it was wrong."""
    recipe = await live.gemini.generate_object("Cookies", Recipe)
    assert recipe.minutes >= 5
    assert len(await live.gemini.generate_object("Cookies", list[Recipe])) == 1
    assert isinstance(await live.gemini.generate_object("[[wrong]] cookies", Recipe), Recipe)
    with pytest.raises(NoObjectError) as caught:
        await live.gemini.generate_object("[[wrong]] cookies", Recipe, repairs=0)
    assert caught.value.text == '{"wrong": true}'
    assert len(caught.value.complaints) == 3


async def test_half_an_object_is_none(live: Any) -> None:
    """Cut short, withheld or refused: each is its own error."""
    with pytest.raises(AnswerCutError):
        await live.gemini.generate_object("Cookies", Recipe, max_output_tokens=3)
    with pytest.raises(AnswerBlockedError) as caught:
        await live.gemini.generate_object("[[safety]] cookies", Recipe)
    assert (caught.value.details or {})["safety_ratings"][0]["blocked"]
    with pytest.raises(PromptBlockedError):
        await live.gemini.generate_object("[[block]] cookies", Recipe)


async def test_an_image(live: Any) -> None:
    """As bytes, whole or streamed, and counted as what it is."""
    whole = await live.gemini.generate_content("A pixel", response_modalities=["TEXT", "IMAGE"])
    (image,) = whole.images
    assert (image.mime_type, image.data[:4]) == ("image/png", b"\x89PNG")
    async with live.gemini.stream("A pixel", response_modalities=["TEXT", "IMAGE"]) as tokens:
        _ = [token async for token in tokens]
    assert tokens.response.images == (image,)
    counts = {part.modality: part.tokens for part in whole.usage.candidates_details}
    assert counts["IMAGE"] == 1290


async def test_code_and_evidence(live: Any) -> None:
    """What was run, cited and found."""
    whole = await live.gemini.generate_content(
        "[[code]] [[cite]] six times seven", tools=["google_search", "code_execution"]
    )
    assert [part.kind for part in whole.parts] == ["executableCode", "codeExecutionResult", "text"]
    candidate = whole.candidates[0]
    assert candidate.citation_metadata.sources[0].uri
    assert candidate.grounding_metadata.grounding_chunks[0].web.title == "example.com"


async def test_a_chat(live: Any) -> None:
    """Tools, streams, failures, writing down: the conversation stays one that the server takes."""
    chat = live.gemini.chat(system="Be brief", tools=[get_weather])
    await chat.send("[[call]] weather")
    async with chat.stream("[[think]] count to 30") as tokens:
        _ = [token async for token in tokens]
    again = live.gemini.chat(restored=chat.to_json(), tools=[get_weather])
    assert (await again.send("count to 3")).text == "1 2 3"
    assert again.usage.total_tokens == (await live.quiet())["usage"]["totalTokenCount"]
    with pytest.raises(PromptBlockedError):
        await again.send("[[block]] this")
    assert len(again.history) == 8


async def test_a_bound_holds_by_the_servers_count(live: Any) -> None:
    """Over a long conversation, from the second turn on."""
    chat = live.gemini.chat(trim=Trim(300))
    for _ in range(12):
        answer = await chat.send("count to 20, then tell me about rivers")
        assert answer.usage.prompt_tokens <= 300
    assert len(chat.history) == 24
    assert answer.usage.prompt_tokens > 150
