"""What a caller may set for one call or for many."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypedDict

Seconds = float | None
"""A duration; None is "no limit", and has to be said."""


class OptionFields(TypedDict, total=False):
    """The keywords of `with_options`."""

    timeout: Seconds
    total_timeout: Seconds
    max_attempts: int
    headers: Mapping[str, str]
    idempotent: bool
    request_id: str


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How the calls of one view of a service differ from the others."""

    headers: tuple[tuple[str, str], ...] = ()
    idempotent: bool | None = None
    request_id: str = ""

    def merged(self, fields: OptionFields) -> Self:
        """These options with others laid over them; header fields add up."""
        own: dict[str, Any] = {key: fields[key] for key in ("idempotent", "request_id") if key in fields}
        headers = {**dict(self.headers), **{k.lower(): v for k, v in fields.get("headers", {}).items()}}
        return replace(self, headers=tuple(headers.items()), **own)
