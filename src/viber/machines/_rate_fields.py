"""What a server says about its own limits, read from the fields of an answer.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ and its older forms, which are still
what most servers send.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ITEM = re.compile(
    r'\s*"(?:[^"\\]|\\["\\])*"((?:\s*;\s*[a-z*][a-z0-9_.*-]*(?:="[^"]*"|=[^;,"\s]*)?)*)\s*(?:,|$)'
)
_PARAMETER = re.compile(r";\s*([rt])=(\d{1,15})\s*(?=;|$)")
_EPOCH = 1e9
"""A reset above this is a moment, not a duration."""
_OLDER = (("ratelimit-remaining", "ratelimit-reset"), ("x-ratelimit-remaining", "x-ratelimit-reset"))


@dataclass(frozen=True, slots=True)
class Allowance:
    """The server takes `remaining` more requests within the next `seconds`."""

    remaining: int
    seconds: float


def read_allowance(headers: Mapping[str, str], wall: float) -> Allowance | None:
    """The tightest allowance in these fields (names in lower case), None if there is none that can be kept.

    Malformed fields, those of a cached answer and those without a time say nothing. `wall` is the time in
    seconds since the epoch, for servers that name a moment.

    Example:
        >>> read_allowance({"ratelimit": '"default";r=50;t=30'}, wall=0.0)
        Allowance(remaining=50, seconds=30.0)
        >>> read_allowance({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000060"}, wall=1.7e9)
        Allowance(remaining=0, seconds=60.0)
    """
    if headers.get("age", "0").strip() != "0":
        return None
    found = [*_from_list(headers.get("ratelimit", "")), *_from_pairs(headers, wall)]
    return min(found, key=lambda allowance: (allowance.remaining, -allowance.seconds), default=None)


def _from_list(field: str) -> list[Allowance]:
    told = [{name: int(value) for name, value in _PARAMETER.findall(item)} for item in _items(field)]
    return [Allowance(item["r"], float(item["t"])) for item in told if item.keys() == {"r", "t"}]


def _items(field: str) -> list[str]:
    """The parameters of each item; none at all if any of it is malformed."""
    found: list[str] = []
    place = 0
    while place < len(field):
        match = _ITEM.match(field, place)
        if match is None:
            return []
        found.append(match[1])
        place = match.end()
    return found


def _from_pairs(headers: Mapping[str, str], wall: float) -> list[Allowance]:
    pairs = [(headers.get(left, ""), headers.get(reset, "")) for left, reset in _OLDER]
    return [
        Allowance(int(left), max(0.0, float(reset) - (wall if float(reset) > _EPOCH else 0.0)))
        for left, reset in pairs
        if _is_count(left) and _is_count(reset)
    ]


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15  # noqa: PLR2004 - the digits of a structured integer
