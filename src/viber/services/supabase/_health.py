"""A cheap question whose answer proves that PostgREST is there, and with it the database."""

from viber.errors import SupabaseError
from viber.http import Request, Response
from viber.services.supabase.filters._quoting import segment
from viber.services.supabase.wire._answers import Answers
from viber.services.supabase.wire._endpoint import Endpoint

ABSENT_TABLE = "viber_health_check"
_ALIVE = frozenset({"42P01", "42501", "PGRST205"})
"""Answers that only a live PostgREST with an accepted key gives: no such table, or no right to it.

Up to PostgREST 12 the database itself says that a table is missing; from 13 on the schema cache does, which
was read from it. `health_table` makes it ask the database in any version.
"""


def health_request(endpoint: Endpoint, table: str | None) -> Request:
    """Ask a table for no rows at all; the root of the API would list the whole schema."""
    return endpoint.read(segment(table or ABSENT_TABLE), "limit=0")


def require_alive(answers: Answers, request: Request, response: Response) -> None:
    """Raise the error of an answer that proves nothing, or the contrary."""
    try:
        answers.require_good(request, response)
        if not response.body.lstrip().startswith(b"["):
            raise answers.unreadable(request, response)
    except SupabaseError as error:
        if (error.details or {}).get("code") not in _ALIVE:
            raise
