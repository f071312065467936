"""Never run: what a type checker says about the call sites of Gemini."""

from collections.abc import Mapping
from typing import Any, assert_type

from viber.services import Health
from viber.services.gemini import (
    Candidate,
    Content,
    GeminiService,
    GenerateContentResponse,
    GenerationConfig,
    Part,
    Token,
    TokenCount,
    TokenStream,
    UsageMetadata,
)


async def whole(gemini: GeminiService) -> None:
    assert_type(await gemini.generate_text("Explain quantum computing"), str)
    assert_type(await gemini.generate_text("Hi", model=None, system="be brief", temperature=0.2), str)
    answer = await gemini.generate_content(
        [
            Content(role="user", parts=(Part(text="Hi"),)),
            {"role": "model", "parts": [{"text": "Hello"}]},
            "And?",
        ],
        generation_config=GenerationConfig(candidate_count=2),
        tools=[{"googleSearch": {}}],
    )
    assert_type(answer, GenerateContentResponse)
    assert_type(answer.text, str)
    assert_type(answer.usage, UsageMetadata)
    assert_type(answer.usage.total_tokens, int)
    assert_type(answer.finish_reason, str | None)
    assert_type(answer.candidates, tuple[Candidate, ...])


async def streamed(gemini: GeminiService) -> None:
    assert_type(gemini.stream("Tell me a story"), TokenStream)
    async with gemini.stream("Tell", total_timeout=None, idle_timeout=5, max_output_tokens=10) as tokens:
        assert_type(tokens, TokenStream)
        async for token in tokens:
            assert_type(token, Token)
            assert_type(token.text, str)
            assert_type(token.usage, UsageMetadata | None)
    assert_type(tokens.usage, UsageMetadata)
    assert_type(tokens.parts, tuple[Part, ...])
    assert_type(tokens.response, GenerateContentResponse)
    assert_type(tokens.finish_reason, str | None)
    async for token in gemini.stream("Tell"):
        assert_type(token, Token)


async def beside(gemini: GeminiService, schema: Mapping[str, Any]) -> None:
    assert_type(await gemini.count_tokens("Hi", system="be brief"), TokenCount)
    assert_type(await gemini.health_check(), Health)
    quick = gemini.with_options(max_attempts=1, timeout=2.0, headers={"x-a": "1"})
    assert_type(quick, GeminiService)
    assert_type(await quick.generate_text("Quick!", generation_config={"responseSchema": schema}), str)
