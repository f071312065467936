"""What a server says about its own limits, read from the fields of an answer.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ and its older forms, which are still
what most servers send.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_STRING = r'"[^"\\]*(?:\\["\\][^"\\]*)*"'
_KEY = r"[a-z*][a-z0-9_.*-]*"
_VALUE = rf'{_STRING}|[^;,"\s]+'
# Each step can match in one way only, so that no field takes longer than its length.
_ITEM = re.compile(rf'\s*{_STRING}((?:\s*;\s*{_KEY}(?:=(?:{_VALUE}))?)*)\s*(?:,(?=\s*")|$)')
_PARAMETER = re.compile(rf";\s*({_KEY})(?:=({_VALUE}))?")
_EPOCH = 1e9
"""A reset above this is a moment, not a duration; a thousand times as much, one in milliseconds."""
_OLDER = (("ratelimit-remaining", "ratelimit-reset"), ("x-ratelimit-remaining", "x-ratelimit-reset"))
_TELLING = frozenset(("ratelimit", *(left for left, _ in _OLDER)))


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
    if _TELLING.isdisjoint(headers) or headers.get("age", "0").strip() != "0":
        return None
    found = [*_from_list(headers.get("ratelimit", "")), *_from_pairs(headers, wall)]
    return min(found, key=lambda allowance: (allowance.remaining, -allowance.seconds), default=None)


def _from_list(field: str) -> list[Allowance]:
    told = [dict(_PARAMETER.findall(item)) for item in _items(field)]
    pairs = [(item.get("r", ""), item.get("t", "")) for item in told]
    return [Allowance(int(left), float(time)) for left, time in pairs if _is_count(left) and _is_count(time)]


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
    members = dict(_member(text) for text in headers.get("ratelimit", "").split(","))
    pairs.append((members.get("remaining", ""), members.get("reset", "")))
    return [
        Allowance(int(left), _seconds_until(float(reset), wall))
        for left, reset in pairs
        if _is_count(left) and _is_count(reset)
    ]


def _member(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key.strip(), value.strip()


def _seconds_until(reset: float, wall: float) -> float:
    moment = reset / 1000 if reset > _EPOCH * 1000 else reset
    return max(0.0, moment - wall) if moment > _EPOCH else moment


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15  # noqa: PLR2004 - the digits of a structured integer
