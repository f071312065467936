from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.sandbox._gemini_embedding import embed_batch, embed_one, unit_vector
from viber.sandbox._gemini_wire import GeminiRefusedError, Json

MODEL = "gemini-embedding-001"


def content(*texts: str) -> Json:
    return {"content": {"parts": [{"text": text} for text in texts]}}


def likeness(left: str, right: str) -> float:
    return sum(a * b for a, b in zip(unit_vector(left), unit_vector(right), strict=True))


class TestVector:
    @given(text=st.text(min_size=1), dimensions=st.integers(1, 64))
    def test_has_length_one(self, text: str, dimensions: int) -> None:
        """Any text in any number of dimensions gives a unit vector of that size."""
        vector = unit_vector(text, dimensions=dimensions)
        assert len(vector) == dimensions
        assert hypot(*vector) == pytest.approx(1, abs=1e-6) or set(vector) == {0.0}

    def test_shared_words_are_near(self) -> None:
        """Texts that share words are nearer than texts that do not; equal texts are the same."""
        assert (
            likeness("the red house", "the red car") > 0.4 > abs(likeness("the red house", "some blue ship"))
        )
        assert likeness("Same", "same") == pytest.approx(1, abs=1e-6)


class TestEmbed:
    def test_one(self) -> None:
        """One content gives one vector of the full size, and its tokens."""
        answer = embed_one(MODEL, content("two words"))
        assert len(answer["embedding"]["values"]) == 3072
        assert answer["usageMetadata"]["promptTokenCount"] == 2

    def test_a_batch_keeps_its_order(self) -> None:
        """Each entry of a batch gives its own vector, the same as alone; parts of one entry give one."""
        entries = [
            {"model": f"models/{MODEL}", "outputDimensionality": 8, **content(*texts)}
            for texts in ("ab", "c")
        ]
        answer = embed_batch(MODEL, {"requests": entries})
        first, second = (vector["values"] for vector in answer["embeddings"])
        assert first == unit_vector("a b", dimensions=8)
        assert second == unit_vector("c", dimensions=8)
        assert answer["usageMetadata"]["promptTokenCount"] == 3

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ({}, "parts"),
            (content(" "), "empty"),
            ({**content("x"), "outputDimensionality": 0}, "outputDimensionality"),
            ({**content("x"), "outputDimensionality": 4000}, "at most 3072"),
            ({**content("x"), "model": "models/other"}, "not the model"),
        ],
    )
    def test_refuses(self, body: Json, reason: str) -> None:
        """What cannot be embedded is a 400 that says why."""
        with pytest.raises(GeminiRefusedError, match=reason):
            embed_one(MODEL, body)

    @pytest.mark.parametrize("size", [0, 101])
    def test_a_batch_has_one_to_a_hundred_entries(self, size: int) -> None:
        """An empty batch and one above a hundred are refused."""
        with pytest.raises(GeminiRefusedError, match="requests"):
            embed_batch(MODEL, {"requests": [content("x")] * size})
