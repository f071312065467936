"""Tells PostgREST's answers from errors, and errors from everything a gateway may say in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from viber.errors import Delivery, SupabaseError
from viber.http import Request, Response, parse_retry_after
from viber.observability import redact_text
from viber.services.supabase._errors import MultipleRowsError, SupabaseNotFoundError, SupabaseServerError
from viber.services.supabase.wire._advice import advice_on
from viber.services.supabase.wire._codes import Rule, rule_of
from viber.services.supabase.wire._complaint import Complaint
from viber.services.supabase.wire._credentials import Credentials

_GOOD = frozenset({200, 201, 204, 206})
_SHOWN = 500
_SERVERS_ID = "sb-request-id"
_NOT_ONE_ROW = "PGRST116"


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
        said = Complaint.of(response).shown(self._shown)
        rule = rule_of(said.code, response.status, self.retryable_statuses)
        suggestion = _suggestion(said, request, response.status)
        error = _kind(said, rule)(
            _message(said, request, response),
            status=response.status,
            retryable=rule.retryable,
            delivery=Delivery.UNKNOWN if rule.unknown else Delivery.ANSWERED,
            unapplied=rule.unapplied,
            neutral=rule.neutral,
            retry_after=self._retry_after(response),
            details=_details(said, request, response),
            debug_message=self._excerpt(response),
            suggestion=suggestion,
        )
        if suggestion:
            error.add_note(suggestion)
        return error

    def _retry_after(self, response: Response) -> float | None:
        value = response.headers.get("retry-after")
        return parse_retry_after(value, wall=self.wall(), date=response.headers.get("date"))

    def _excerpt(self, response: Response) -> str:
        return self._shown(response.body[: _SHOWN * 8].decode(errors="replace"), limit=_SHOWN)

    def _shown(self, text: str, limit: int | None = None) -> str:
        return redact_text(text, secrets=self.credentials.secrets, limit=limit)


def _kind(said: Complaint, rule: Rule) -> type[SupabaseError]:
    if said.code == _NOT_ONE_ROW and said.rows is not None:
        return MultipleRowsError if said.rows else SupabaseNotFoundError
    return rule.kind


def _message(said: Complaint, request: Request, response: Response) -> str:
    """PostgREST's own words; those of a gateway with their status, which often says more than they do."""
    if said.code and said.message:
        return ": ".join(filter(None, (said.message, "; ".join(said.candidates))))
    if request.method == "HEAD" and not response.body:
        return f"Supabase answered {response.status} to a HEAD, which never says why"
    return f"Supabase answered {response.status} with {said.message or _describe(response)}"


def _suggestion(said: Complaint, request: Request, status: int) -> str:
    if request.method == "HEAD" and not said.code:
        return "ask by GET to see why"
    return advice_on(said, status)


def _details(said: Complaint, request: Request, response: Response) -> dict[str, Any]:
    details = {"code": said.code, "details": said.details, "hint": said.hint, **_place(request)}
    if server_id := response.headers.get(_SERVERS_ID):
        details["server_request_id"] = server_id
    return details | dict(said.violated())


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
