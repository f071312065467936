"""What Supabase answers when it does not do what was asked: one class says who spoke and what happened."""

from typing import Any

from viber import errors
from viber.errors import Delivery, InvalidRequestError, Severity, SupabaseError


class SupabaseInvalidRequestError(SupabaseError, errors.InvalidRequestError):
    """PostgREST or PostgreSQL refused the request as wrong."""

    code = "supabase.invalid_request"


class SupabaseAuthenticationError(SupabaseError, errors.AuthenticationError):
    """The key or the token was not accepted."""

    code = "supabase.authentication"


class SupabasePermissionDeniedError(SupabaseError, errors.PermissionDeniedError):
    """A grant or a row level security policy forbids it."""

    code = "supabase.permission_denied"


class SupabaseNotFoundError(SupabaseError, errors.NotFoundError):
    """No such table or function, or no such row where one was demanded."""

    code = "supabase.not_found"


class SupabaseConflictError(SupabaseError, errors.ConflictError):
    """A duplicate key, a missing referenced row, or another constraint between rows."""

    code = "supabase.conflict"


class SupabaseRateLimitError(SupabaseError, errors.RateLimitError):
    """Too many requests; `retry_after` holds what was asked for, in seconds."""

    code = "supabase.rate_limit"


class SupabaseServerError(SupabaseError, errors.ServerError):
    """The database, PostgREST or the gateway failed, or spoke something else than PostgREST's protocol."""

    code = "supabase.server"


class SupabaseTimeoutError(SupabaseError, errors.TimeoutError):
    """The server ended the statement: it passed the role's `statement_timeout`, or was cancelled."""

    code = "supabase.statement_timeout"


class RowMismatchError(SupabaseError):
    """A row does not fit the model: `details` names `table`, `row`, `field` and `reason`, never the value."""

    code = "supabase.row_mismatch"


class MultipleRowsError(SupabaseError, errors.InvalidRequestError):
    """Several rows match where at most one was asked for."""

    code = "supabase.multiple_rows"


class UnsettledWriteError(SupabaseError):
    """An earlier attempt may have written, its answer was lost, and a look at the table cannot tell."""

    code = "supabase.unsettled_write"
    delivery = Delivery.UNKNOWN
    severity = Severity.HIGH


class PreferenceIgnoredError(SupabaseError, errors.InvalidRequestError):
    """The server does not do something that was asked for; `delivery` says whether it wrote."""

    code = "supabase.preference_ignored"


def refusal(message: str, *, suggestion: str = "", **details: Any) -> InvalidRequestError:
    """An error about a request that is wrong before it is sent."""
    text = f"{message}: {suggestion}" if suggestion else message
    return InvalidRequestError(
        text,
        service="supabase",
        delivery=Delivery.NOT_SENT,
        suggestion=suggestion,
        details=details or None,
    )
