"""Settling a write whose earlier attempt may have been the one that wrote.

An insert that carries its key may be sent again: if the first one did write, the second meets a duplicate, of
a row that it wrote itself. The server is then asked for the rows of that key, and PostgreSQL compares them
with what was sent. All there with equal values: it is done. Anything else never counts as done.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from viber.errors import Delivery, InvalidRequestError, SupabaseError
from viber.services.supabase._errors import SupabaseAuthenticationError, UnsettledWriteError
from viber.services.supabase.writing._lookup import Finding, Lookup
from viber.services.supabase.writing._outcome import Outcome

Out = TypeVar("Out")

_DUPLICATES = frozenset({"23505", "23P01"})
_key_in_details = re.compile(r"Key \((.*?)\)=").match


async def settle(
    lookup: Lookup, outcome: Outcome[Out], sent: Sequence[dict[str, Any]], refusal: SupabaseError
) -> Out:
    """What the insert answers, whose repetition was refused.

    Raises:
        SupabaseConflictError: a row of that key has other values.
        UnsettledWriteError: the rows cannot be seen.
        SupabaseError: the refusal itself; or the server did not answer, and another attempt may follow.
    """
    if refusal.retryable or len({lookup.identity(row) for row in sent}) < len(sent):
        raise refusal
    try:
        finding = await lookup.find(sent)
        found = await lookup.replay(outcome, sent) if finding is Finding.SAME else None
    except (SupabaseError, InvalidRequestError) as error:
        if error.retryable or isinstance(error, SupabaseAuthenticationError):
            error.delivery = Delivery.UNKNOWN
            raise
        raise _unsettled(refusal, f"the server does not let us look: {error.message}") from error
    if found is None:
        raise _told(refusal, finding, lookup.key)
    try:
        return await lookup.answer(outcome, *found)
    except ValueError as error:
        raise _unsettled(refusal, f"what is there now is no answer to it: {error}") from None


def _told(refusal: SupabaseError, finding: Finding, key: tuple[str, ...]) -> SupabaseError:
    """The refusal as what it is after the look at the table."""
    is_duplicate = code_of(refusal) in _DUPLICATES
    if is_duplicate and finding is Finding.UNSEEN and _may_be_ours(refusal, key):
        why = "not every row of its key can be seen: row level security hides it, or only a part is there"
        return _unsettled(refusal, why)
    if is_duplicate and finding is Finding.OTHER:
        refusal.message += (
            "; the row of that key has other values: if an earlier attempt wrote it,"
            " the column's type, a trigger or somebody else has changed it"
        )
    refusal.delivery = Delivery.UNKNOWN
    return refusal


def _unsettled(refusal: SupabaseError, why: str) -> UnsettledWriteError:
    return UnsettledWriteError(
        f"an earlier attempt may have written these rows, and {why}",
        status=refusal.status,
        details=refusal.details,
        suggestion="look at the table before you write them again",
    )


def _may_be_ours(refusal: SupabaseError, key: tuple[str, ...]) -> bool:
    """Whether the duplicate is one of the key, and not of another constraint, as far as is told."""
    said = _key_in_details(str((refusal.details or {}).get("details")))
    return said is None or said[1].replace('"', "") == ", ".join(key)


def code_of(error: SupabaseError) -> str:
    """PostgREST's code, or PostgreSQL's."""
    return str((error.details or {}).get("code", ""))
