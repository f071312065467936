"""Tells PostgREST's answers from errors, and errors from everything a gateway may say in its place."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import from_json

from viber.errors import Delivery, SupabaseError
from viber.http import Request, Response, parse_retry_after
from viber.observability import redact_text
from viber.services.supabase._codes import SUGGESTIONS, rule_of
from viber.services.supabase._credentials import Credentials
from viber.services.supabase._errors import SupabaseServerError

_GOOD = frozenset({200, 201, 204, 206})
_SHOWN = 500
_proxy_error = re.compile(r"PostgREST;\s*error=(\w+)").search


@dataclass(frozen=True, slots=True)
class Complaint:
    """The body of an error: PostgREST's four fields, as far as they are there."""

    code: str = ""
    message: str = ""
    details: Any = None
    hint: Any = None

    @classmethod
    def of(cls, response: Response) -> "Complaint":
        """What the answer says; a HEAD has no body, and names the code in a header from PostgREST 13 on."""
        try:
            body = from_json(response.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            found = _proxy_error(response.headers.get("proxy-status", ""))
            return cls(code=found[1] if found else "")
        said = cast("dict[str, Any]", body)
        if said.get("code") == "":
            # What PostgREST 12 says, with a 400, when the database dies under a pooled connection.
            return cls("PGRST001", "the connection to the database was lost")
        return cls(_text(said.get("code")), _text(said.get("message")), said.get("details"), said.get("hint"))


@dataclass(frozen=True, slots=True)
class Answers:
    """Reads the answers of one view; its credentials never show in an error."""

    credentials: Credentials
    retryable_statuses: frozenset[int]
    wall: Callable[[], float]
    """Seconds since the epoch, for a Retry-After that is a date."""

    def require_good(self, request: Request, response: Response) -> None:
        """Let a success pass, and raise what everything else means."""
        if response.status not in _GOOD:
            raise self._failure(request, response)

    def unreadable(self, request: Request, response: Response) -> SupabaseServerError:
        """The error for a success whose body is not what PostgREST would have sent."""
        return SupabaseServerError(
            f"Supabase answered {response.status} with {_describe(response)} in place of the data",
            code="supabase.unreadable",
            status=response.status,
            delivery=Delivery.UNKNOWN,
            retryable=not _is_markup(response),
            details=_place(request),
            debug_message=self._excerpt(response),
            suggestion="check that the URL is the project's own, and what stands between",
        )

    def _failure(self, request: Request, response: Response) -> SupabaseError:
        said = Complaint.of(response)
        rule = rule_of(said.code, response.status, self.retryable_statuses)
        return rule.kind(
            _message(said, response),
            status=response.status,
            retryable=rule.retryable,
            delivery=Delivery.UNKNOWN if rule.unknown else Delivery.ANSWERED,
            unapplied=rule.unapplied,
            neutral=rule.neutral,
            retry_after=self._retry_after(response),
            details={"code": said.code, "details": said.details, "hint": said.hint, **_place(request)},
            debug_message=self._excerpt(response),
            suggestion=SUGGESTIONS.get(said.code, ""),
        )

    def _retry_after(self, response: Response) -> float | None:
        value = response.headers.get("retry-after")
        return parse_retry_after(value, wall=self.wall(), date=response.headers.get("date"))

    def _excerpt(self, response: Response) -> str:
        text = response.body[: _SHOWN * 8].decode(errors="replace")
        return redact_text(text, secrets=self.credentials.secrets, limit=_SHOWN)


def _message(said: Complaint, response: Response) -> str:
    """PostgREST's own words; those of a gateway with their status, which often says more than they do."""
    if said.code and said.message:
        return said.message
    return f"Supabase answered {response.status} with {said.message or _describe(response)}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _place(request: Request) -> dict[str, str]:
    """Method and path; not the query, which holds the caller's values."""
    path = request.url.partition("://")[2].partition("?")[0]
    return {"method": request.method, "path": path[path.find("/") :]}


def _describe(response: Response) -> str:
    if not response.body:
        return "an empty body"
    return "an HTML page" if _is_markup(response) else "something else than JSON"


def _is_markup(response: Response) -> bool:
    return "html" in response.headers.get("content-type", "") or response.body.lstrip()[:1] == b"<"
