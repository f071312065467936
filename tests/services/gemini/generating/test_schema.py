import datetime as dt
import enum
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, TypeAdapter, WithJsonSchema
from typing_extensions import TypedDict  # pydantic asks for it below Python 3.12

from viber.errors import Delivery, InvalidRequestError
from viber.services.gemini.generating._schema import schema_of


class Unit(enum.Enum):
    GRAM = "g"
    PIECE = "piece"


class Ingredient(BaseModel):
    name: str = Field(description="In the singular")
    amount: Annotated[float, Field(gt=0)] = 1.0
    unit: Unit | None = None
    other: Unit = Field(default=Unit.PIECE, description="If there is none")


class Recipe(BaseModel):
    title: str = Field(min_length=3)
    ingredients: list[Ingredient]


class Node(BaseModel):
    name: str
    children: list["Node"] = []


class Endless(BaseModel):
    inner: "Middle"


class Middle(BaseModel):
    outer: list[Endless]


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Owner(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Point(TypedDict):
    x: int
    y: int


@dataclass
class Span:
    start: dt.date
    end: dt.date


def schema(kind: Any) -> Any:
    return schema_of(TypeAdapter(kind), "Asked")


def test_a_model_is_told_in_the_words_that_gemini_knows() -> None:
    """Titles and defaults are left out, limits that are not enforced are told in words."""
    assert schema(Recipe) == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "(shortest length 3)"},
            "ingredients": {"type": "array", "items": {"$ref": "#/$defs/Ingredient"}},
        },
        "required": ["title", "ingredients"],
        "$defs": {
            "Ingredient": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "In the singular"},
                    "amount": {"type": "number", "description": "(more than 0)"},
                    "unit": {"anyOf": [{"$ref": "#/$defs/Unit"}, {"type": "null"}]},
                    "other": {"anyOf": [{"$ref": "#/$defs/Unit"}], "description": "If there is none"},
                },
                "required": ["name"],
            },
            "Unit": {"type": "string", "enum": ["g", "piece"]},
        },
    }


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (dict[str, Any], {"type": "object", "additionalProperties": True}),
        (Unit, {"type": "string", "enum": ["g", "piece"]}),
        (Literal["a"], {"type": "string", "enum": ["a"]}),
        (Literal[True], {"type": "boolean", "description": "(one of: [True])"}),
        (
            Annotated[int, WithJsonSchema({"allOf": [{"type": "integer"}], "description": "Whole"})],
            {"type": "integer", "description": "Whole"},
        ),
        (UUID, {"type": "string", "description": "(format uuid)"}),
        (set[int], {"type": "array", "items": {"type": "integer"}, "description": "(no item twice)"}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        (
            Point,
            {
                "type": "object",
                "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
                "required": ["x", "y"],
            },
        ),
        (
            Span,
            {
                "type": "object",
                "properties": {
                    "start": {"type": "string", "format": "date"},
                    "end": {"type": "string", "format": "date"},
                },
                "required": ["start", "end"],
            },
        ),
    ],
    ids=repr,
)
def test_any_type_of_pythons_has_a_schema(kind: Any, expected: Any) -> None:
    """Not only models: TypedDicts, dataclasses, enums, lists and so on."""
    assert schema(kind) == expected


def test_a_choice_is_any_of() -> None:
    """Gemini knows one way to say it, and no discriminator."""
    pet = schema(Owner)["properties"]["pet"]
    assert pet == {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}


def test_a_decimal_is_a_number_or_text() -> None:
    """The pattern is told, not enforced."""
    number, text = schema(Decimal)["anyOf"]
    assert number == {"type": "number"}
    assert text["type"] == "string"
    assert "pattern" not in text


def test_a_type_may_contain_itself_where_it_may_be_absent() -> None:
    """Gemini unrolls it a few times."""
    assert schema(Node)["$defs"]["Node"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}


class WithCallable(BaseModel):
    steps: list[dict[str, Callable[[], None]]]


class WithAny(BaseModel):
    inner: dict[str, list[Any]]


class WithNames(BaseModel):
    prices: dict[Literal["a", "b"], int]


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (WithCallable, r"Asked\.steps\[\]\[\]"),
        (WithAny, r"Asked\.inner\[\]\[\]"),
        (WithNames, r"Asked\.prices"),
        (Endless, r"Middle\.outer\[\]|Endless\.inner"),
        (Any, "Asked"),
    ],
)
def test_what_gemini_cannot_express_is_refused_with_its_place(kind: Any, place: str) -> None:
    """Before anything is sent, and with a hint."""
    with pytest.raises(InvalidRequestError, match=place) as caught:
        schema(kind)
    assert caught.value.delivery is Delivery.NOT_SENT
    assert caught.value.suggestion
