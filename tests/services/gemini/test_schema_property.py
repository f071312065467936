"""What the schema of a type describes is a value of the type, as an independent reader of schemas sees it."""

import datetime as dt
import json
from enum import Enum
from types import GenericAlias
from typing import Any, Literal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, create_model

from viber.sandbox._gemini_schema import small_instance
from viber.services.gemini.generating._schema import schema_of


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


KNOWN = frozenset(
    {
        "$defs",
        "$ref",
        "additionalProperties",
        "anyOf",
        "description",
        "enum",
        "format",
        "items",
        "maxItems",
        "maximum",
        "minItems",
        "minimum",
        "prefixItems",
        "properties",
        "required",
        "type",
    }
)
leaves = st.sampled_from([int, float, str, bool, dt.date, dt.datetime, Literal["a", "b"], Literal[1], Colour])
names = st.sampled_from(["a", "title", "required", "type", "schema_", "enum"])


def model_of(fields: dict[str, tuple[Any, bool]]) -> Any:
    return create_model("Made", **{name: _field(*field) for name, field in fields.items()})


def _field(kind: Any, is_needed: bool) -> Any:  # noqa: FBT001 - a drawn pair
    return (kind, ...) if is_needed else (kind | None, None)


types = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda kind: GenericAlias(list, (kind,))),
        inner.map(lambda kind: GenericAlias(dict, (str, kind))),
        inner.map(lambda kind: kind | None),
        st.tuples(inner, inner).map(lambda kinds: GenericAlias(tuple, kinds)),
        st.dictionaries(names, st.tuples(inner, st.booleans()), min_size=1, max_size=4).map(model_of),
    ),
    max_leaves=6,
)


def words_of(schema: Any) -> set[str]:
    """Every keyword, the names of properties and definitions left out."""
    found = set(schema)
    for name in ("properties", "$defs"):
        for inner in schema.get(name, {}).values():
            found |= words_of(inner)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            found |= words_of(schema[name])
    for name in ("anyOf", "prefixItems"):
        for inner in schema.get(name, ()):
            found |= words_of(inner)
    return found


@settings(max_examples=60)
@given(types)
def test_a_schema_describes_values_of_the_type(kind: Any) -> None:
    """In nothing but words that Gemini knows."""
    adapter = TypeAdapter(kind)
    schema = schema_of(adapter, "Made")
    assert words_of(schema) <= KNOWN
    adapter.validate_json(json.dumps(small_instance(schema)))


def test_a_limit_that_is_only_told_is_told_in_words() -> None:
    """The reader does not know it, and the check here does."""
    schema = schema_of(TypeAdapter(UUID), "Made")
    assert words_of(schema) == {"type", "description"}
