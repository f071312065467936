"""Updating a row only while it has the version that was read."""

from dataclasses import dataclass
from typing import Any, TypeVar

from viber.errors import InvalidRequestError, SupabaseError
from viber.http import Response
from viber.services.supabase._errors import (
    SupabaseAuthenticationError,
    SupabaseConflictError,
    SupabaseNotFoundError,
    UnsettledWriteError,
    refusal,
)
from viber.services.supabase.filters._filters import Filter
from viber.services.supabase.filters._operators import Operator, compare
from viber.services.supabase.filters._quoting import name, names, percent
from viber.services.supabase.reading._clauses import Clauses
from viber.services.supabase.wire._rows import exactly
from viber.services.supabase.writing._lookup import Lookup
from viber.services.supabase.writing._outcome import Outcome

Out = TypeVar("Out")
_STALE = "supabase.stale_version"


@dataclass(frozen=True, slots=True)
class Version:
    """The version that the row has to have, and the one that it gets."""

    column: str
    expected: object
    next: object

    def filter(self) -> Filter:
        """The row has the version."""
        return compare(self.column, Operator.EQ, self.expected)


def version_of(column: str, expected: object, next_one: object) -> Version:
    """The version and its successor.

    Raises:
        InvalidRequestError: the version cannot be compared, or has no successor of its own.
    """
    name(column)
    if next_one is None:
        if isinstance(expected, bool) or not isinstance(expected, int):
            raise refusal(f"a version that is a {type(expected).__name__} needs next=")
        next_one = expected + 1
    version = Version(column, expected, next_one)
    version.filter()
    return version


def stale(version: Version) -> SupabaseConflictError:
    """No row was there that had the version."""
    return SupabaseConflictError(
        "the row does not have the version that was read",
        code=_STALE,
        details={"code": _STALE, "column": version.column, "expected": version.expected},
        suggestion="read it again, and decide anew",
    )


@dataclass(frozen=True, slots=True)
class Settlement:
    """An update that found no row of the version, and has to say why."""

    version: Version
    lookup: Lookup
    clauses: Clauses
    """What finds the row, whatever its version."""
    values: bytes
    in_doubt: bool
    """An earlier attempt may have made it."""

    async def settle(self, outcome: Outcome[Out], error: SupabaseError) -> Out:
        """What the update answers, if an earlier attempt made it.

        Raises:
            SupabaseConflictError: the row has another version, or cannot be updated.
            SupabaseNotFoundError: there is no such row.
            UnsettledWriteError: an earlier attempt may have made it, and nothing is there to tell.
            SupabaseError: the server does not answer; another attempt may follow.
        """
        if (error.details or {}).get("code") != _STALE:
            raise error
        sent: dict[str, Any] = exactly(self.values)
        query = self.clauses.query()
        rows = await self._look(f"select={percent(names(tuple(sent)))}&{query}")
        if not rows:
            raise self._nothing_there()
        version = rows[0][self.version.column]
        if len(rows) == 1 and self.in_doubt and await self.lookup.matches(query, sent, rows[0]):
            return await self._replay(outcome, query)
        error.details = {**(error.details or {}), "found": version}
        error.message += f": it has {version!s}, and {self.version.expected!s} was expected"
        if self.in_doubt:
            error.message += "; an earlier attempt may have updated it, and somebody else since"
        raise error

    async def _look(self, query: str) -> list[dict[str, Any]]:
        try:
            return await self.lookup.rows(query)
        except (SupabaseError, InvalidRequestError) as error:
            if error.retryable or not self.in_doubt or isinstance(error, SupabaseAuthenticationError):
                raise
            raise self._unsettled(f"the server does not let us look: {error.message}") from error

    def _nothing_there(self) -> SupabaseError:
        if self.in_doubt:
            return self._unsettled("its filters find no row any more")
        return SupabaseNotFoundError(f"no row of {self.lookup.source.table} matches, of whatever version")

    def _unsettled(self, why: str) -> UnsettledWriteError:
        return UnsettledWriteError(
            f"an earlier attempt may have made this update, and {why}", suggestion="read the row again"
        )

    async def _replay(self, outcome: Outcome[Out], query: str) -> Out:
        headers, body = {"content-range": "*/1"}, b""
        if outcome.answer == "representation":
            body = (await self.lookup.ask("&".join([*outcome.pairs(), query]))).body
        return await self.lookup.answer(outcome, Response(200, headers, body))
