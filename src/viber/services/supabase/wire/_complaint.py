"""What an error of PostgREST says, and what its words tell about a constraint or a choice."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

from pydantic_core import from_json

from viber.http import Response

_proxy_error = re.compile(r"PostgREST;\s*error=(\w+)").search
_constraint = re.compile(r'constraint "(.+?)"(?: |$)').search
_relation = re.compile(r'(?:on table|of relation|for relation) "(.+?)"').search
_null_column = re.compile(r'null value in column "(.+?)"').match
_key = re.compile(r"Key \((.+?)\)=\(").match
_MESSAGES = ("message", "msg", "error_description", "error")
"""Where PostgREST, the auth server and gateways say what is wrong."""
_rows = re.compile(r"contains (\d+) rows").search


@dataclass(frozen=True, slots=True)
class Complaint:
    """The body of an error: PostgREST's four fields, as far as they are there."""

    code: str = ""
    message: str = ""
    details: Any = None
    hint: Any = None

    @classmethod
    def of(cls, response: Response) -> Self:
        """What the answer says; a HEAD has no body, and names the code in a header from PostgREST 13 on."""
        try:
            body = from_json(response.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            found = _proxy_error(response.headers.get("proxy-status", ""))
            return cls(code=found[1] if found else "", message=_text(body))
        said = cast("dict[str, Any]", body)
        if said.get("code") == "":
            # What PostgREST 12 says, with a 400, when the database dies under a pooled connection.
            return cls("PGRST001", "the connection to the database was lost")
        message = next(filter(None, (_text(said.get(name)) for name in _MESSAGES)), "")
        return cls(_text(said.get("code")), message, said.get("details"), said.get("hint"))

    def shown(self, show: Callable[[str], str]) -> Self:
        """The same with its texts as they may be shown: servers repeat what they were sent."""
        return type(self)(self.code, show(self.message), _shown(self.details, show), _shown(self.hint, show))

    @property
    def candidates(self) -> list[str]:
        """The relationships between which an embedding has to choose."""
        return [text for each in self._listed() if (text := _text(each.get("relationship")))]

    @property
    def rows(self) -> int | None:
        """How many rows there were, where exactly one was demanded."""
        found = _rows(_text(self.details))
        return int(found[1]) if found else None

    def violated(self) -> Iterator[tuple[str, Any]]:
        """Constraint, table and columns, as far as PostgreSQL's English words tell; never a value."""
        if found := _constraint(self.message):
            yield "constraint", found[1]
        if found := _relation(self.message):
            yield "relation", found[1]
        if found := _null_column(self.message):
            yield "columns", [found[1]]
        elif found := _key(_text(self.details)):
            yield "columns", [column.strip('"') for column in found[1].split(", ")]

    def _listed(self) -> Iterator[Mapping[str, Any]]:
        details: object = self.details
        if isinstance(details, list):
            for each in cast("list[object]", details):
                if isinstance(each, dict):
                    yield cast("dict[str, Any]", each)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _shown(value: Any, show: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return show(value)
    if isinstance(value, dict):
        return {name: _shown(each, show) for name, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_shown(each, show) for each in cast("list[object]", value)]
    return value
