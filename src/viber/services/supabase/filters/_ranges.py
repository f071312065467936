"""Ranges of PostgreSQL as values."""

import re
from collections.abc import Callable
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, SchemaSerializer, core_schema

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._quoting import element
from viber.services.supabase.filters._values import text_by_type, text_of

Bound_co = TypeVar("Bound_co", covariant=True)
Bounds = Literal["[)", "[]", "(]", "()"]

_bound = r'("(?:[^"\\]|\\.|"")*"|[^",]*)'
_range = re.compile(rf"([\[(]){_bound},{_bound}([\])])", re.DOTALL).fullmatch
_short_offset = re.compile(r".*:\d\d(?:\.\d+)?[+-]\d\d").fullmatch
_as_text = core_schema.to_string_ser_schema()


class Range(Generic[Bound_co]):
    """All values between two bounds, as a value of its own; a bound of None is open.

    `bounds` says for each end whether it belongs to the range: a square bracket does, a round one does not. A
    model may have a field `Range[int]` or `Range[datetime]`; in rows to write it is a value like others.

    Raises:
        InvalidRequestError: a bound is no value, or the brackets are none.

    Example:
        >>> str(Range(1, 3)), str(Range(None, 3, "(]")), str(Range.empty())
        ('[1,3)', '(,3]', 'empty')
    """

    __slots__ = ("_bounds", "_lower", "_text", "_upper")
    __match_args__ = ("lower", "upper", "bounds")

    # pydantic asks for it where a value stands in JSON whose type it was not told.
    __pydantic_serializer__: ClassVar[SchemaSerializer] = SchemaSerializer(
        core_schema.any_schema(serialization=_as_text)
    )

    def __init__(
        self, lower: Bound_co | None = None, upper: Bound_co | None = None, bounds: Bounds = "[)"
    ) -> None:
        if bounds not in {"[)", "[]", "(]", "()"}:
            raise refusal(f"{bounds!r} are no bounds of a range", suggestion="use '[)', '[]', '(]' or '()'")
        self._lower, self._upper = lower, upper
        self._bounds: Bounds = bounds
        self._text = f"{bounds[0]}{_written(lower)},{_written(upper)}{bounds[1]}"

    @classmethod
    def empty(cls) -> Self:
        """The range that holds nothing."""
        nothing = cls(bounds="()")
        nothing._text = "empty"
        return nothing

    @property
    def lower(self) -> Bound_co | None:
        """Where it begins."""
        return self._lower

    @property
    def upper(self) -> Bound_co | None:
        """Where it ends."""
        return self._upper

    @property
    def bounds(self) -> Bounds:
        """Whether the ends belong to it."""
        return self._bounds

    @property
    def is_empty(self) -> bool:
        """It holds nothing; as PostgreSQL says it, not by comparing the bounds."""
        return self._text == "empty"

    def __repr__(self) -> str:
        return f"Range({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Range) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return self._text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A range, or PostgreSQL's text of one, whose bounds are of the declared type."""
        bound = handler.generate_schema(*(get_args(source) or (str,)))
        if bound["type"] == "datetime":
            bound = core_schema.no_info_before_validator_function(_with_minutes, bound)
        bound = core_schema.nullable_schema(bound)

        def validate(value: Any, read: Callable[[Any], Any]) -> Range[Any]:
            if isinstance(value, cls):
                return value
            return cls.empty() if value == "empty" else cls(*read(_parts(value)))

        parts = core_schema.tuple_positional_schema([bound, bound, core_schema.str_schema()])
        return core_schema.no_info_wrap_validator_function(validate, parts, serialization=_as_text)

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string"}


text_by_type.register(Range, str)


def _parts(text: object) -> tuple[str | None, str | None, str]:
    """The bounds and their brackets."""
    found = _range(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("not the text of a range")
    return _read(found[2]), _read(found[3]), found[1] + found[4]


def _read(bound: str) -> str | None:
    if not bound.startswith('"'):
        return bound or None
    return re.sub(r'\\(.)|"(")', r"\1\2", bound[1:-1], flags=re.DOTALL)


def _with_minutes(bound: object) -> object:
    """PostgreSQL leaves the minutes of an offset out where there are none, and pydantic wants them."""
    return f"{bound}:00" if isinstance(bound, str) and _short_offset(bound) else bound


def _written(bound: object) -> str:
    return "" if bound is None else element(text_of(bound))
