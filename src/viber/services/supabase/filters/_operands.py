"""What stands behind an operator: one value, several, a list, JSON, a range."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeGuard, cast

from pydantic import BaseModel

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._places import Place
from viber.services.supabase.filters._quoting import array_literal, sound
from viber.services.supabase.filters._ranges import Range
from viber.services.supabase.filters._values import Notation, array_text, is_listing, json_text, text_of

Quantifier = Literal["any", "all"]


@dataclasses.dataclass(frozen=True, slots=True)
class Quantified(Notation):
    """Several values for one comparison; made by `any_of()` and `all_of()`."""

    quantifier: Quantifier
    values: tuple[object, ...]

    def text(self, place: Place) -> str:
        """The values as an array literal."""
        return array_literal([value_text(place, value) for value in self.values])


def any_of(values: Iterable[object]) -> Quantified:
    r"""Values of which one has to fulfil the comparison.

    Behind eq, gt, gte, lt, lte, like, ilike, match and imatch.

    Raises:
        InvalidRequestError: there is no value, or they are no list.

    Example:
        >>> from viber.services.supabase import any_of, col
        >>> col("name").like(any_of(["O*", "P*"])).inside()
        'name.like(any)."{\\"O*\\",\\"P*\\"}"'
    """
    return _quantified("any", values)


def all_of(values: Iterable[object]) -> Quantified:
    """Values of which each has to fulfil the comparison; see `any_of()`.

    Raises:
        InvalidRequestError: there is no value, or they are no list.

    Example:
        >>> from viber.services.supabase import all_of, col
        >>> col("name").ilike(all_of(["*a*", "*b*"])).pair()
        'name=ilike(all).%7B%22*a*%22,%22*b*%22%7D'
    """
    return _quantified("all", values)


def _quantified(quantifier: Quantifier, values: Iterable[object]) -> Quantified:
    if not is_listing(values):
        raise refusal(f"{quantifier}_of() takes a list of values, not one {type(values).__name__}")
    listed = tuple(values)
    if not listed:
        raise refusal(f"{quantifier}_of() needs a value")
    return Quantified(quantifier, listed)


def value_text(place: Place, value: object) -> str:
    """The text of one value, which is JSON where JSON stands."""
    return json_text(value) if place.holds_json else text_of(value)


def set_text(place: Place, value: object) -> str:
    """The text of what can contain, be contained or overlap: a list, JSON, a range, or the text of one."""
    if _is_literal(value):
        return _literal(value)
    if place.holds_json or _is_json(value):
        return json_text(value)
    if not is_listing(value):
        raise refusal(
            f"a {type(value).__name__} is no list, no range and no JSON",
            suggestion='pass [x] for one element, Range(x, x, "[]") for one point',
        )
    return array_text(cast("Iterable[object]", value))


def range_text(value: object) -> str:
    """The text of a range."""
    if not _is_literal(value):
        raise refusal(f"a {type(value).__name__} is no range", suggestion="use Range(lower, upper)")
    return _literal(value)


def _is_literal(value: object) -> TypeGuard[str | Range[Any]]:
    return isinstance(value, (str, Range))


def _literal(value: str | Range[Any]) -> str:
    return sound(str.__str__(value)) if isinstance(value, str) else str(value)


def _is_json(value: object) -> bool:
    return isinstance(value, (Mapping, BaseModel)) or dataclasses.is_dataclass(value)
