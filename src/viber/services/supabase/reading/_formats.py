"""The forms of an answer other than a list of rows, and the preferences about it."""

import re
from dataclasses import dataclass, replace
from typing import Literal, Self

from viber.http import Request
from viber.services.supabase._errors import refusal

JSON = "application/json"
WITHOUT_NULLS = "application/vnd.pgrst.array+json;nulls=stripped"
ONE_ROW = "application/vnd.pgrst.object+json"
"""A write of any other number of rows is undone by the server."""
CSV = "text/csv"
GEOJSON = "application/geo+json"
PlanFormat = Literal["text", "json"]
_is_media_type = re.compile(r"[\w.+-]+/[\w.+-]+(;[ -~]+)?", re.ASCII).fullmatch
_is_zone = re.compile(r"[A-Za-z0-9_+/:-]+").fullmatch


@dataclass(frozen=True, slots=True)
class Form:
    """What an answer looks like, and what else is wished."""

    accept: str = JSON
    wishes: tuple[str, ...] = ()

    def accepting(self, accept: str) -> Self:
        """The same wishes about another representation."""
        return replace(self, accept=accept)

    def wishing(self, *wishes: str) -> Self:
        """This form, and further preferences; each is sent once."""
        return replace(self, wishes=tuple(dict.fromkeys(self.wishes + wishes)))

    def put_on(self, request: Request) -> Request:
        """The request that asks for this form."""
        kept = (field for field in request.headers if field[0] != "accept")
        prefer = (("prefer", ",".join(self.wishes)),) if self.wishes else ()
        return replace(request, headers=(*kept, ("accept", self.accept), *prefer))


PLAIN = Form()
"""A list of rows, as every server gives it unasked."""


def zone_wishes(zone: str) -> tuple[str, str]:
    """The preferences that write times in this zone; strict, since a zone that is not known is ignored else.

    Raises:
        InvalidRequestError: no time zone has that name.
    """
    if not _is_zone(zone):
        raise refusal(f"{zone!r} is not the name of a time zone", suggestion='for example "Europe/Paris"')
    return "handling=strict", f"timezone={zone}"


def media_type(text: str) -> str:
    """The text itself.

    Raises:
        InvalidRequestError: it is no media type.
    """
    if not _is_media_type(text):
        raise refusal(f"{text!r} is no media type", suggestion='for example "image/png"')
    return text


def plan_of(accept: str, form: PlanFormat, options: dict[str, bool]) -> str:
    """The representation that is the plan of a query for another representation.

    Raises:
        InvalidRequestError: there is no such form.

    Example:
        >>> plan_of("text/csv", "json", {"analyze": True, "verbose": True})
        'application/vnd.pgrst.plan+json; for="text/csv"; options=analyze|verbose'
    """
    if form not in {"text", "json"}:
        raise refusal(f"a plan is 'text' or 'json', not {form!r}")
    chosen = "|".join(option for option, wanted in options.items() if wanted)
    ending = f"; options={chosen}" if chosen else ""
    return f'application/vnd.pgrst.plan+{form}; for="{accept}"{ending}'
