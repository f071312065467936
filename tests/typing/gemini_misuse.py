"""What type checkers refuse; checked, never run. A line that they let pass has an ignore too many."""

from pydantic import BaseModel

from viber.services.gemini import Budget, GeminiService, Part, Trim


class Recipe(BaseModel):
    title: str


async def prompts(gemini: GeminiService) -> None:
    await gemini.generate_text(None)  # type: ignore[arg-type]
    await gemini.generate_text(5)  # type: ignore[arg-type]
    await gemini.generate_text(b"PNG")  # type: ignore[arg-type]
    await gemini.embed([1.0])  # type: ignore[list-item]
    Part.of_bytes("PNG", "image/png")  # type: ignore[arg-type]


async def options(gemini: GeminiService) -> None:
    await gemini.generate_text("x", temprature=1)  # type: ignore[call-arg]
    await gemini.generate_text("x", temperature="hot")  # type: ignore[arg-type]
    await gemini.generate_text("x", thinking="high")  # type: ignore[arg-type]
    await gemini.generate_text("x", tools=["google_serch"])  # type: ignore[list-item]
    await gemini.generate_text("x", tools="google_search")  # type: ignore[arg-type]
    await gemini.generate_text("x", idle_timeout=5)  # type: ignore[call-arg]
    Trim(10, "newest")  # type: ignore[arg-type]
    Budget(cost=5.0)  # type: ignore[arg-type]


async def objects(gemini: GeminiService) -> int:
    await gemini.generate_object("x")  # type: ignore[call-arg]
    await gemini.generate_object("x", Recipe(title="Soup"))  # type: ignore[arg-type]
    return await gemini.generate_object("x", Recipe)  # type: ignore[arg-type]


async def awaiting(gemini: GeminiService) -> None:
    await gemini.stream("x")  # type: ignore[misc]
    gemini.generate_text("x")  # type: ignore[unused-coroutine]
    _ = gemini.chat().send("x").text  # type: ignore[attr-defined]
