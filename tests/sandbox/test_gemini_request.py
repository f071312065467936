from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viber.sandbox._gemini_answer import whole_answer
from viber.sandbox._gemini_fields import read_body
from viber.sandbox._gemini_model import TOOL_TOKENS, reply_to
from viber.sandbox._gemini_request import CACHED_TOKENS, read_generation
from viber.sandbox._gemini_schema import small_instance
from viber.sandbox._gemini_wire import GeminiRefusedError, Json

MODEL = "gemini-3.8-flash"


def body(text: str, **fields: Any) -> Json:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **fields}


def usage(text: str, **fields: Any) -> Json:
    return whole_answer(reply_to(read_generation(MODEL, body(text, **fields)))).usage


class TestCounting:
    def test_everything_that_is_read_counts(self) -> None:
        """System instruction, declarations, files and cached content are all in promptTokenCount."""
        assert usage("hi")["promptTokenCount"] == 1
        assert usage("hi", systemInstruction={"parts": [{"text": "Be kind"}]})["promptTokenCount"] == 3
        cached = usage("hi", cachedContent="cachedContents/x")
        assert cached["promptTokenCount"] == 1 + CACHED_TOKENS
        assert cached["cachedContentTokenCount"] == CACHED_TOKENS
        searched = usage("hi", tools=[{"googleSearch": {}}])
        assert searched["toolUsePromptTokenCount"] == TOOL_TOKENS
        assert searched["totalTokenCount"] == sum(
            searched[name] for name in ("promptTokenCount", "candidatesTokenCount", "toolUsePromptTokenCount")
        )

    def test_files_count_by_modality(self) -> None:
        """An image is split from the text in promptTokensDetails."""
        parts = [{"text": "what is this"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]
        asked = read_generation(MODEL, {"contents": {"parts": parts}})
        assert whole_answer(reply_to(asked)).usage["promptTokensDetails"] == [
            {"modality": "TEXT", "tokenCount": 3},
            {"modality": "IMAGE", "tokenCount": 258},
        ]


class TestRefusals:
    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({}, "contents"),
            ({"contents": []}, "contents"),
            ({"contents": [{"role": "robot", "parts": [{"text": "x"}]}]}, "role"),
            ({"contents": [{"parts": []}]}, "parts"),
            ({"contents": [{"parts": [{}]}]}, "parts"),
            ({"contents": [{"parts": [{"text": 5}]}]}, "text"),
            ({"contents": "hello"}, "contents"),
            (body("x", temprature=1), "temprature"),
            (body("x", generationConfig={"maxTokens": 1}), "maxTokens"),
            (body("x", generationConfig={"maxOutputTokens": 0}), "maxOutputTokens"),
            (body("x", generationConfig={"candidateCount": 2}), "candidateCount"),
            (body("x", toolConfig={"functionCallingConfig": {"allowedFunctionNames": ["x"]}}), "allowed"),
        ],
    )
    def test_a_wrong_field_is_named(self, asked: Json, field: str) -> None:
        """A request that makes no sense is a 400 whose BadRequest detail names the field."""
        with pytest.raises(GeminiRefusedError, match=field) as caught:
            read_generation(MODEL, asked)
        error = caught.value.body()["error"]
        assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
        assert error["details"][0]["@type"].endswith("BadRequest")

    def test_snake_case_is_read_too(self) -> None:
        """Field names may come in snake_case, as protobuf's JSON allows."""
        assert usage("count to 9", generation_config={"max_output_tokens": 2})["candidatesTokenCount"] == 2

    @pytest.mark.parametrize(
        "data",
        [b"", b"{", b"[]", b'"x"', b'{"a": NaN}', b'{"a": "\\ud800"}', b"1e999", b'{"a": 1e999}', b"\xff"],
    )
    def test_a_body_that_is_no_json_object_is_refused(self, data: bytes) -> None:
        """Broken JSON, NaN, half a surrogate pair, invalid UTF-8 and anything but an object are a 400."""
        with pytest.raises(GeminiRefusedError) as caught:
            read_body(data)
        assert caught.value.http == 400


NAMES = """
    contents parts text role systemInstruction generationConfig stopSequences maxOutputTokens candidateCount
    tools functionDeclarations name parameters toolConfig functionCallingConfig mode allowedFunctionNames
    responseSchema type properties items enum minItems maxItems minimum maxLength anyOf allOf $ref required
    format propertyOrdering responseMimeType cachedContent functionCall functionResponse response inlineData
    mimeType data thoughtSignature
"""
WORDS = """
    ANY user model array INTEGER number string object # #/a [[call]] [[think]] image/png
"""
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-1, 1) | st.sampled_from(WORDS.split()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=4)
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(NAMES.split()), values, max_size=5)


class TestAnything:
    @settings(max_examples=100)
    @given(content=objects, config=objects, calling=objects, declaration=objects, system=values)
    def test_any_json_is_answered_or_refused(
        self, content: Json, config: Json, calling: Json, declaration: Json, system: object
    ) -> None:
        """Whatever JSON comes, the answer is an answer or a refusal, never a crash."""
        asked = {
            "contents": [{"parts": [{"text": "[[call]] [[think]]"}]}, content, {"parts": [{"text": "x"}]}],
            "generationConfig": config,
            "toolConfig": {"functionCallingConfig": calling},
            "tools": [{"functionDeclarations": [declaration]}],
            "systemInstruction": system,
        }
        for left_out in ((), ("contents",), tuple(asked)[1:], ("generationConfig", "toolConfig")):
            body = {name: value for name, value in asked.items() if name not in left_out}
            with suppress(GeminiRefusedError):
                whole_answer(reply_to(read_generation(MODEL, body)))

    @settings(max_examples=100)
    @given(schema=objects)
    def test_any_schema_has_an_instance_or_is_refused(self, schema: Json) -> None:
        """Whatever stands in a schema, there is an instance or a refusal."""
        with suppress(GeminiRefusedError):
            small_instance(schema)
