"""Never run: what a type checker says about prompts, objects, tools and chats."""

import enum
from dataclasses import dataclass
from typing import Any, TypedDict, assert_type

from pydantic import BaseModel, TypeAdapter

from viber.services.gemini import (
    Chat,
    CitationMetadata,
    Content,
    FunctionCall,
    FunctionTool,
    GeminiService,
    GenerateContentResponse,
    GroundingMetadata,
    ImageConfig,
    Media,
    Part,
    SafetyRating,
    SafetySetting,
    TextStream,
    ThinkingConfig,
    TokenStream,
    ToolCall,
    Trim,
    UsageMetadata,
)


class Recipe(BaseModel):
    title: str


class Point(TypedDict):
    x: int


@dataclass
class Pair:
    left: int


class Colour(enum.Enum):
    RED = "red"


@dataclass(frozen=True)
class Upload:
    uri: str | None
    mime_type: str | None


async def get_weather(city: str, *, days: int = 1) -> str:
    return f"{city} {days}"


def get_time() -> int:
    return 0


async def prompts(gemini: GeminiService, image: bytes) -> None:
    await gemini.generate_text(["What is this?", Part.of_bytes(image, "image/png")])
    await gemini.generate_text(Part.of_file("gs://bucket/file"))
    await gemini.generate_text(Upload("u", None))
    await gemini.generate_text([Upload("u", "image/png"), "And this?", {"text": "?"}])
    await gemini.generate_text(5)  # type: ignore[arg-type]
    await gemini.generate_text("Hi", temprature=1)  # type: ignore[call-arg]


async def settings(gemini: GeminiService) -> None:
    await gemini.generate_text(
        "Hi",
        thinking=ThinkingConfig(level="LOW", include_thoughts=True),
        safety_settings=[SafetySetting(category="c", threshold="t"), {"category": "c", "threshold": "t"}],
        response_modalities=["IMAGE"],
        generation_config={"imageConfig": {"aspectRatio": "1:1"}},
    )
    assert_type(ImageConfig(aspect_ratio="1:1").aspect_ratio, str | None)
    assert_type(ThinkingConfig(budget=0).budget, int | None)


async def objects(gemini: GeminiService, adapter: TypeAdapter[int | None]) -> None:
    assert_type(await gemini.generate_object("A cookie recipe", Recipe), Recipe)
    assert_type(await gemini.generate_object("Recipes", list[Recipe], repairs=2, temperature=0), list[Recipe])
    assert_type(await gemini.generate_object("A point", Point), Point)
    assert_type(await gemini.generate_object("A pair", Pair), Pair)
    assert_type(await gemini.generate_object("A colour", Colour), Colour)
    assert_type(await gemini.generate_object("A number", int), int)
    assert_type(await gemini.generate_object("Maybe a number", adapter), int | None)


async def tools(gemini: GeminiService) -> None:
    answer = await gemini.generate_content(
        "Weather?",
        tools=[
            get_weather,
            get_time,
            "google_search",
            {"name": "mine"},
            FunctionTool.of(get_time, timeout=1),
        ],
        max_tool_rounds=2,
        tool_timeout=None,
    )
    assert_type(answer, GenerateContentResponse)
    assert_type(answer.tool_calls, tuple[ToolCall, ...])
    assert_type(answer.tool_calls[0].error, Exception | None)
    assert_type(answer.function_calls, tuple[FunctionCall, ...])
    assert_type(answer.function_calls[0].args, dict[str, Any])
    assert_type(answer.turns, tuple[Content, ...])
    assert_type(Part.of_function_response(answer.function_calls[0], {"output": 1}), Part)
    await gemini.generate_text("Hi", tools=["google_serch"])  # type: ignore[list-item]


async def answers(answer: GenerateContentResponse) -> None:
    assert_type(answer.images, tuple[Media, ...])
    assert_type(answer.images[0].data, bytes)
    assert_type(answer.parts[0].media, Media | None)
    candidate = answer.candidates[0]
    assert_type(candidate.safety_ratings, tuple[SafetyRating, ...])
    assert_type(candidate.citation_metadata, CitationMetadata | None)
    assert_type(candidate.grounding_metadata, GroundingMetadata | None)


async def texts(gemini: GeminiService) -> None:
    assert_type(gemini.stream_text("Tell", idle_timeout=5), TextStream)
    async for text in gemini.stream_text("Tell"):
        assert_type(text, str)
    async with gemini.stream_text("Tell") as pieces:
        assert_type(pieces, TextStream)
        assert_type(pieces.tokens, TokenStream)


async def chats(gemini: GeminiService) -> None:
    chat = gemini.chat(system="Be brief", tools=[get_weather], history=["Hi"], trim=Trim(8000, "middle"))
    assert_type(chat, Chat)
    assert_type(await chat.send("Hello", temperature=0.5), GenerateContentResponse)
    async with chat.stream("Hello", total_timeout=60) as tokens:
        assert_type(tokens, TokenStream)
    assert_type(chat.history, tuple[Content, ...])
    assert_type(chat.usage, UsageMetadata)
    assert_type(gemini.chat(restored=chat.to_json()), Chat)
