"""What the codes of PostgREST, the SQLSTATEs of PostgreSQL and bare HTTP statuses mean, as tables.

A code decides before the status does: a 500 alone says nothing. Sources: PostgREST's error reference, and
appendix A of the PostgreSQL manual.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from viber.errors import SupabaseError
from viber.services.supabase import _errors as leaves


@dataclass(frozen=True, slots=True)
class Rule:
    """What one answer means.

    `unknown`: the statement may have run. `unapplied`: it did not, or was rolled back, so that repeating it
    cannot double anything. `neutral`: the caller's own doing, which says nothing about the service.
    """

    kind: type[SupabaseError]
    retryable: bool = False
    unknown: bool = False
    unapplied: bool = False
    neutral: bool = False


INVALID = Rule(leaves.SupabaseInvalidRequestError, unapplied=True)
UNAUTHENTICATED = Rule(leaves.SupabaseAuthenticationError, unapplied=True)
FORBIDDEN = Rule(leaves.SupabasePermissionDeniedError, unapplied=True)
ABSENT = Rule(leaves.SupabaseNotFoundError, unapplied=True)
CONFLICT = Rule(leaves.SupabaseConflictError, unapplied=True)
BUSY = Rule(leaves.SupabaseServerError, retryable=True, unapplied=True)
LOST = Rule(leaves.SupabaseServerError, retryable=True, unknown=True)
BROKEN = Rule(leaves.SupabaseServerError, unapplied=True)
OWN_FUNCTION = Rule(leaves.SupabaseServerError, unapplied=True, neutral=True)
RAISED = Rule(leaves.SupabaseInvalidRequestError, unapplied=True, neutral=True)
SLOW = Rule(leaves.SupabaseTimeoutError, unapplied=True, neutral=True)

CODES = {
    "PGRST000": BUSY,  # no connection to the database
    "PGRST001": LOST,  # the connection broke while a command ran
    "PGRST002": BUSY,  # the schema cache is not there yet
    "PGRST003": BUSY,  # no connection of the pool became free
    "PGRST111": OWN_FUNCTION,
    "PGRST112": OWN_FUNCTION,
    "PGRST121": OWN_FUNCTION,
    "PGRST202": ABSENT,  # function
    "PGRST205": ABSENT,  # table
    "PGRST300": BROKEN,  # the server has no JWT secret
    "PGRST301": UNAUTHENTICATED,
    "PGRST302": UNAUTHENTICATED,
    "PGRST303": UNAUTHENTICATED,
    "PGRSTX00": LOST,
    "23503": CONFLICT,  # foreign key
    "23505": CONFLICT,  # unique
    "23P01": CONFLICT,  # exclusion
    "25006": INVALID,  # a writing function called by GET
    "40001": BUSY,  # serialisation
    "40003": LOST,  # completion unknown
    "40P01": BUSY,  # deadlock
    "42501": FORBIDDEN,
    "42883": ABSENT,
    "42P01": ABSENT,
    "42P17": BROKEN,  # a policy that refers to itself: no repeat mends it
    "53300": BUSY,  # too many connections
    "53400": LOST,
    "55P03": BUSY,  # lock not available
    "57014": SLOW,  # statement timeout, or cancelled: repeating runs the slow statement again
    "57P03": BUSY,  # starting up
    "P0001": RAISED,
}
"""Codes that decide by themselves."""

CLASSES = {
    "08": LOST,
    "09": LOST,
    "0L": FORBIDDEN,
    "0P": FORBIDDEN,
    "25": LOST,
    "28": FORBIDDEN,
    "2D": LOST,
    "38": LOST,
    "39": LOST,
    "3B": LOST,
    "53": LOST,
    "54": LOST,
    "55": LOST,
    "57": LOST,
    "58": LOST,
    "F0": LOST,
    "HV": LOST,
    "P0": OWN_FUNCTION,
    "XX": LOST,
}
"""The first two characters of a SQLSTATE, for those not listed above."""

STATUSES = {
    401: UNAUTHENTICATED,
    403: FORBIDDEN,
    404: ABSENT,
    408: Rule(leaves.SupabaseTimeoutError, unknown=True),
    409: CONFLICT,
    429: Rule(leaves.SupabaseRateLimitError, retryable=True, unapplied=True, neutral=True),
}
"""Statuses where no code says more."""

_is_sqlstate = re.compile(r"[0-9A-Z]{5}").fullmatch
_is_status_code = re.compile(r"PT\d{3}").fullmatch
_is_refusal = re.compile(r"PGRST[12]\d\d").fullmatch


def rule_of(code: str, status: int, retryable_statuses: Collection[int]) -> Rule:
    """What an answer with this code, possibly empty, and status means."""
    if code in CODES:
        return CODES[code]
    if _is_refusal(code):
        return INVALID
    if _is_status_code(code):
        by_status = _by_status(status, retryable_statuses)
        return replace(by_status, unknown=False, unapplied=True, neutral=True)
    if _is_sqlstate(code):
        return CLASSES.get(code[:2]) or replace(_by_status(status, ()), unknown=False, unapplied=True)
    return _by_status(status, retryable_statuses)


def _by_status(status: int, retryable_statuses: Collection[int]) -> Rule:
    if status in STATUSES:
        found = STATUSES[status]
    elif status == 300 or 400 <= status < 500:  # noqa: PLR2004 - the classes of HTTP
        found = Rule(leaves.SupabaseInvalidRequestError)
    else:
        found = Rule(leaves.SupabaseServerError, unknown=True)
    return replace(found, retryable=status in retryable_statuses)
