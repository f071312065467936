"""What can go wrong, as values: one fault says what happens, to which requests, and how often."""

from enum import StrEnum
from typing import Any, ClassVar, Self, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator


class FaultKind(StrEnum):
    """What is done to the request instead of answering it properly."""

    STATUS = "status"  # an error answer with this HTTP status
    LATENCY = "latency"  # a pause, then the genuine answer
    HANG = "hang"  # accepted, never answered
    CUT_BEFORE = "cut_before"  # connection cut, the upstream never heard of it
    CUT_AFTER = "cut_after"  # the upstream acted, then the connection is cut
    TRUNCATE = "truncate"  # the answer stops short of its Content-Length
    HTML = "html"  # a gateway's page instead of JSON
    EMPTY = "empty"  # 200 without a body
    CUT_STREAM = "cut_stream"  # connection cut after some events
    END_STREAM = "end_stream"  # a clean end after some events, no finishReason
    ERROR_EVENT = "error_event"  # after some events an event that is an error
    ERROR_TAIL = "error_tail"  # after some events bare JSON that is no event
    STALL = "stall"  # after some events silence for ever


STREAM_KINDS = frozenset(
    {
        FaultKind.CUT_STREAM,
        FaultKind.END_STREAM,
        FaultKind.ERROR_EVENT,
        FaultKind.ERROR_TAIL,
        FaultKind.STALL,
    }
)

_SCOPE = frozenset({"kind", "times", "key", "method", "path", "rate", "seed"})
_ERROR = frozenset({"status", "retry_delay", "quota_id", "quota_value", "body", "code", "message"})
_OPTIONS: dict[FaultKind, frozenset[str]] = {
    FaultKind.STATUS: _ERROR | {"retry_after"},
    FaultKind.LATENCY: frozenset({"seconds"}),
    FaultKind.HANG: frozenset(),
    FaultKind.CUT_BEFORE: frozenset({"reset"}),
    FaultKind.CUT_AFTER: frozenset({"reset"}),
    FaultKind.TRUNCATE: frozenset({"after_bytes"}),
    FaultKind.HTML: frozenset({"status", "retry_after"}),
    FaultKind.EMPTY: frozenset(),
    FaultKind.CUT_STREAM: frozenset({"after_events", "reset"}),
    FaultKind.END_STREAM: frozenset({"after_events"}),
    FaultKind.ERROR_EVENT: _ERROR | {"after_events"},
    FaultKind.ERROR_TAIL: _ERROR | {"after_events"},
    FaultKind.STALL: frozenset({"after_events"}),
}
_REQUIRED = {FaultKind.STATUS: "status", FaultKind.LATENCY: "seconds"}


class Fault(BaseModel):
    """One fault: its kind, the options of that kind, and the requests it is meant for.

    An option that does not belong to the kind is refused, so that a typo is never a fault that does nothing.
    ``path`` matches the path itself and everything below it (after ``/`` or ``:``); with ``*``, ``?`` or
    ``[`` in it, it is a glob over the whole path. ``times`` bounds how often the fault is inflicted; ``key``
    asks for requests that carry the header ``x-viber-fault-key`` with that value, and ``*`` for any value,
    each counted on its own. ``rate`` is the share of matching requests that suffer, drawn from ``seed``.

    Example:
        >>> Fault(kind=FaultKind.STATUS, status=503, retry_after=2, times=2, path="/rest/v1/orders").times
        2
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    status: int = Field(default=503, ge=200, le=599)
    retry_after: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    retry_delay: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    quota_id: str | None = None
    quota_value: int | None = None
    body: JsonValue = None
    code: str | None = None
    message: str | None = None
    seconds: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    after_bytes: int = Field(default=1, ge=0)
    after_events: int = Field(default=1, ge=0)
    reset: bool = False
    times: int | None = Field(default=None, ge=1)
    key: str | None = Field(default=None, min_length=1)
    method: str | None = Field(default=None, min_length=1)
    path: str | None = Field(default=None, min_length=1)
    rate: float | None = Field(default=None, gt=0, le=1)
    seed: int = 0

    @model_validator(mode="before")
    @classmethod
    def _page_of_a_gateway(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        fields = cast("dict[str, Any]", data)
        return {"status": 502, **fields} if fields.get("kind") == FaultKind.HTML else fields

    @model_validator(mode="after")
    def _options_of_its_kind(self) -> Self:
        foreign = self.model_fields_set - _SCOPE - _OPTIONS[self.kind]
        if foreign:
            raise ValueError(f"{self.kind} takes no option {', '.join(sorted(foreign))}")
        needed = _REQUIRED.get(self.kind)
        if needed is not None and needed not in self.model_fields_set:
            raise ValueError(f"{self.kind} needs {needed}")
        return self
