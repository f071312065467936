"""What a caller may set for one call or for many."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Self, TypedDict

from viber.http import Request
from viber.observability import current_request_id
from viber.resilience import PipelineOptions

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
        """These options with others laid over them; header fields add up.

        Raises:
            TypeError: there is no such option.
        """
        if unknown := fields.keys() - OptionFields.__annotations__.keys():
            raise TypeError(f"a call has no option {', '.join(sorted(unknown))}")
        headers = self.headers
        if added := fields.get("headers"):
            headers = tuple({**dict(headers), **{k.lower(): v for k, v in added.items()}}.items())
        return replace(
            self,
            headers=headers,
            idempotent=fields.get("idempotent", self.idempotent),
            request_id=fields.get("request_id", self.request_id),
        )

    def id_of_call(self) -> str:
        """The id that was given, or that of the `log_context` around, or a new one."""
        return self.request_id or current_request_id() or token_hex(16)

    def dress(self, request: Request, request_id: str) -> Request:
        """The request with its id and with these header fields, which replace its own of the same name."""
        if not self.headers:  # no service sets that field itself
            fields = (*request.headers, ("x-request-id", request_id))
            return Request(request.method, request.url, fields, request.body)
        extra = {"x-request-id": request_id, **dict(self.headers)}
        own = tuple(field for field in request.headers if field[0].lower() not in extra)
        return Request(request.method, request.url, (*own, *extra.items()), request.body)

    def decide(self, *, idempotent: bool) -> bool:
        """Whether a call may be repeated: by what the caller said, else by its nature."""
        return idempotent if self.idempotent is None else self.idempotent


def limits(fields: OptionFields) -> PipelineOptions:
    """The part of the options that is the pipeline's."""
    chosen: PipelineOptions = {}
    if "timeout" in fields:
        chosen["timeout"] = fields["timeout"]
    if "total_timeout" in fields:
        chosen["total_timeout"] = fields["total_timeout"]
    if "max_attempts" in fields:
        chosen["max_attempts"] = fields["max_attempts"]
    return chosen
