import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.sandbox._gemini_tokens import count_contents
from viber.services.gemini.generating._estimate import Calibration, estimate, longest_answer

TEXT = "The quick brown fox, 12 years old, doesn't jump over the 3 lazy dogs any more. "


def body(*parts: Any, **fields: Any) -> dict[str, Any]:
    return {"contents": [{"parts": list(parts), "role": "user"}], **fields}


def inline(kind: str, size: int) -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": base64.b64encode(bytes(size)).decode()}}


words = st.text(st.characters(categories=["L"]), min_size=2, max_size=12)
numbers = st.integers(0, 10**9).map(str)


@given(st.lists(st.lists(words | numbers, min_size=1, max_size=20).map(" ".join), min_size=1, max_size=3))
def test_the_estimate_is_not_below_the_count(texts: list[str]) -> None:
    """Of text in any language."""
    asked = body(*({"text": text} for text in texts))
    assert estimate(asked) >= count_contents(asked["contents"]).total()


def test_it_is_not_far_above_it_either() -> None:
    """About two and a half times for prose, whose tokens are four letters."""
    real = len(TEXT * 100) / 4
    assert real * 1.5 < estimate(body({"text": TEXT * 100})) < real * 3


def test_each_digit_may_be_a_token() -> None:
    """So a column of numbers counts by its digits."""
    assert estimate(body({"text": "1234567890" * 100})) >= 1000


@pytest.mark.parametrize(
    ("part", "least", "most"),
    [
        (inline("image/png", 100), 1120, 2000),
        (inline("image/jpeg", 3_000_000), 6192, 20_000),
        (inline("audio/mp3", 16_000 * 60), 32 * 60, 32 * 60 * 20),
        (inline("video/mp4", 100_000 * 60), 263 * 60, 263 * 60 * 20),
        (inline("application/pdf", 20_000), 5000, 6000),
        (inline("text/plain", 1000), 375, 1000),
        ({"fileData": {"fileUri": "https://files/1"}}, 2000, 2100),
    ],
)
def test_media_count_by_their_size(part: Any, least: int, most: int) -> None:
    """Not by the letters in which they travel."""
    assert least <= estimate(body(part)) <= most


def test_tools_and_instructions_count_too() -> None:
    """They are part of the prompt."""
    tools = [{"functionDeclarations": [{"name": "f", "description": TEXT}]}]
    with_all = body({"text": "x"}, systemInstruction={"parts": [{"text": TEXT}]}, tools=tools)
    assert estimate(with_all) > 2 * len(TEXT) / 2


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        (None, None),
        ({}, None),
        ({"maxOutputTokens": 50}, 50),
        ({"maxOutputTokens": 5, "candidateCount": 3}, 15),
    ],
)
def test_the_longest_answer_is_what_the_body_allows(settings: Any, most: int | None) -> None:
    """For all candidates together."""
    assert longest_answer(body(generationConfig=settings)) == most


def test_nothing_is_learned_from_little() -> None:
    """Before enough answers came, an estimate stands as it is."""
    calibration = Calibration()
    for _ in range(31):
        calibration.learn(estimated=100, real=10)
    assert calibration.scaled(100) == 100
    calibration.learn(estimated=100, real=10)
    assert calibration.scaled(100) == 11


@given(st.lists(st.floats(0.01, 3.0), min_size=32, max_size=400))
def test_the_largest_share_of_late_counts(shares: list[float]) -> None:
    """An estimate is never scaled below what the last answers would have needed, nor above itself."""
    calibration = Calibration()
    for share in shares:
        calibration.learn(estimated=10_000, real=round(10_000 * share))
    scaled = calibration.scaled(10_000)
    assert min(10_000, round(10_000 * max(shares[-128:]))) <= scaled <= 10_000


def test_an_old_surprise_is_forgotten() -> None:
    """After two terms estimates are as good as before it."""
    calibration = Calibration()
    for real in (100, *[50] * 300):
        calibration.learn(estimated=100, real=real)
    assert calibration.scaled(100) == 51


def test_an_estimate_of_nothing_teaches_nothing() -> None:
    """There is no share of it."""
    calibration = Calibration()
    for _ in range(40):
        calibration.learn(estimated=0, real=5)
    assert calibration.factor == 1.0
