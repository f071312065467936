from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from viber.sandbox._gemini_schema import small_instance
from viber.sandbox._gemini_wire import GeminiRefusedError


class Colour(enum.Enum):
    RED = "red"


class Leaf(BaseModel):
    name: Annotated[str, Field(min_length=6, max_length=9)]
    initial: Annotated[str, Field(max_length=1)]
    size: Annotated[int, Field(gt=4, lt=6)]
    share: Annotated[float, Field(ge=0.25, le=0.5)]


class Tree(BaseModel):
    """Holds itself in three ways, and a bit of everything."""

    leaf: Leaf
    leaves: Annotated[list[Leaf], Field(min_length=2)]
    parent: Tree | None
    children: list[Tree]
    twin: Tree | None = None
    colour: Colour
    kind: Literal["oak"]
    planted: dt.date
    seen: dt.datetime
    id: uuid.UUID
    spot: tuple[int, str]
    alive: bool
    nothing: None
    notes: dict[str, str]
    either: int | str


class Endless(BaseModel):
    inner: Endless


class TestJsonSchema:
    def test_an_instance_fits_a_model_of_every_kind(self) -> None:
        """The instance of a model's JSON Schema is accepted by that model."""
        instance = small_instance(Tree.model_json_schema())
        tree = Tree.model_validate(instance)
        assert len(tree.leaves) == 2
        assert tree.children == []
        assert tree.parent is None
        assert "twin" in instance

    def test_a_schema_without_an_end_is_refused(self) -> None:
        """A model that must hold itself has no instance: a 400, not an endless loop."""
        with pytest.raises(GeminiRefusedError, match="no finite instance"):
            small_instance(Endless.model_json_schema())

    def test_a_missing_definition_is_refused(self) -> None:
        """A reference to nowhere is a 400."""
        with pytest.raises(GeminiRefusedError, match="Nowhere"):
            small_instance({"$ref": "#/$defs/Nowhere"})

    @given(low=st.integers(-50, 50), width=st.integers(0, 9), exclusive=st.booleans())
    def test_numbers_stay_in_their_bounds(self, low: int, width: int, *, exclusive: bool) -> None:
        """Any range with a whole number in it is met."""
        bounds = (
            {"exclusiveMinimum": low - 1, "exclusiveMaximum": low + width + 1}
            if exclusive
            else {"minimum": low, "maximum": low + width}
        )
        assert low <= small_instance({"type": "integer", **bounds}) <= low + width

    @given(least=st.integers(0, 20), more=st.integers(0, 20))
    def test_texts_keep_their_length(self, least: int, more: int) -> None:
        """Any pair of lengths is met."""
        schema = {"type": "string", "minLength": least, "maxLength": least + more}
        assert least <= len(small_instance(schema)) <= least + more

    @pytest.mark.parametrize(
        "annotation", [int, str, list[int], dict[str, int], int | None, tuple[int, int], Literal["a", "b"]]
    )
    def test_plain_types(self, annotation: Any) -> None:
        """Types that are no models work alike."""
        adapter = TypeAdapter(annotation)
        adapter.validate_python(small_instance(adapter.json_schema()))

    def test_all_of_is_merged(self) -> None:
        """Every branch of allOf is honoured."""
        parts = [{"type": "object", "properties": {"a": {"type": "boolean"}}}, {"required": ["a"]}]
        assert small_instance({"allOf": parts}) == {"a": True}


class TestOpenApi:
    def test_types_in_capitals_and_an_order(self) -> None:
        """Google's schema writes types in capitals and may order the properties."""
        schema = {
            "type": "OBJECT",
            "properties": {"a": {"type": "ARRAY", "items": {"type": "NUMBER"}}, "b": {"type": "BOOLEAN"}},
            "propertyOrdering": ["b", "a"],
        }
        instance = small_instance(schema)
        assert instance == {"a": [1.0], "b": True}
        assert list(instance) == ["b", "a"]
