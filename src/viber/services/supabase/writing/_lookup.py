"""Looking at a table within an attempt: are these rows there, and what would their answer have been?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from pydantic_core import from_json

from viber.errors import InvalidRequestError, NotFoundError
from viber.http import Response
from viber.resilience import Call
from viber.services.supabase.filters._quoting import names, percent
from viber.services.supabase.reading._formats import Form, zone_wishes
from viber.services.supabase.wire._rows import exactly
from viber.services.supabase.wire._source import Source
from viber.services.supabase.writing._equality import condition, questions
from viber.services.supabase.writing._outcome import Outcome

Out = TypeVar("Out")
SentRow = Mapping[str, Any]
Conditions = tuple[str, ...]
"""What one row fulfils, in the words of a logic group."""
Identity = tuple[str, ...]
"""What rows of one key have in common, as far as text tells; where it does not, PostgreSQL is asked."""

_MOST = 100
"""Rows to ask for at once. A cap of the server below it would look like rows that cannot be seen."""
_LONGEST = 2000
"""Characters of a URL that asks for several rows. PostgREST repeats it in a header field, with every comma
percent-encoded, and a gateway that finds the field too long answers 502."""


class Finding(Enum):
    """What a look at the table showed of the rows that were sent."""

    SAME = "all are there"
    OTHER = "one is there with other values"
    UNSEEN = "one cannot be seen"


@dataclass(frozen=True, slots=True)
class Lookup:
    """Asks within one attempt of a write; times without an offset are of the zone of the write."""

    source: Source[Any]
    key: tuple[str, ...]
    call: Call
    time_zone: str = ""

    async def find(self, sent: Sequence[SentRow]) -> Finding:
        """Compare the rows that were sent with those that have their keys.

        Raises:
            SupabaseError: the server does not answer, or does not let us look.
            InvalidRequestError: a key is longer than a URL.
        """
        there = await self._there(sent)
        found: set[Identity] = set()
        doubtful: list[Conditions] = []
        for row in sent:
            seen = there.get(self.identity(row)) or await self._alone(row)
            if seen is None:
                return Finding.UNSEEN
            found.add(self.identity(seen))
            asked = questions(row, seen)
            if asked is None:
                return Finding.OTHER
            if asked:
                doubtful.append(_conditions(row, self.key) + asked)
        is_same = len(found) == len(sent) and await self._holds(doubtful)
        return Finding.SAME if is_same else Finding.OTHER

    async def matches(self, query: str, sent: SentRow, seen: SentRow) -> bool:
        """Whether the one row that the query finds has the values that were sent."""
        asked = questions(sent, seen)
        if not asked:
            return asked is not None
        also = f"and=({percent(','.join(asked))})"
        return await self._count([f"select={percent(names(tuple(sent)))}&{query}&{also}"]) == 1

    async def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows that one question finds, with exact numbers."""
        found: list[dict[str, Any]] = exactly((await self.ask(query)).body)
        return found

    async def ask(self, query: str) -> Response:
        """One question, answered with a list."""
        session = self.source.session
        request = session.endpoint.read(self.source.path, query)
        if self.time_zone:
            request = Form(wishes=zone_wishes(self.time_zone)).put_on(request)
        response = await session.channel.ask(request, self.call)
        session.answers.require_good(request, response)
        if not _is_list(response.body):
            raise session.answers.unreadable(request, response)
        return response

    async def replay(self, outcome: Outcome[Any], sent: Sequence[SentRow]) -> tuple[Response, list[int]]:
        """What the server would have answered, and where each row stands in it."""
        bodies = [b""]
        if outcome.answer == "representation":
            chosen = "&".join([*outcome.pairs(), self._order()])
            bodies = [(await self.ask(each)).body for each in self._questions(chosen, self._keys(sent))]
        location = "&".join(f"{percent(each)}=eq.{percent(str(sent[0][each]))}" for each in self.key)
        headers = {"content-range": f"*/{len(sent)}", "location": f"/{self.source.path}?{location}"}
        places = [0]
        if len(sent) > 1 and outcome.answer == "representation":
            places = await self._places(sent)
        return Response(201, headers, _joined(bodies)), places

    async def answer(self, outcome: Outcome[Out], response: Response, places: Sequence[int] = (0,)) -> Out:
        """What the write makes of this answer, in place of the one that was lost."""
        if self.source.session.receipt is not None:
            self.source.session.receipt.note(response, self.call)
            self.source.session.receipt.replayed = True
        return outcome.in_order(await outcome.read(response), places)

    def identity(self, row: SentRow) -> Identity:
        """The key of a row, as text; an instant is the same in every zone."""
        return tuple(_spelled(row.get(column)) for column in self.key)

    async def _there(self, sent: Sequence[SentRow]) -> dict[Identity, SentRow]:
        questions = self._questions(self._selection(sent), self._keys(sent))
        return {self.identity(row): row for each in questions for row in await self.rows(each)}

    async def _alone(self, row: SentRow) -> SentRow | None:
        """The row of a key that the server spells in another way."""
        (question,) = self._questions(self._selection([row]), self._keys([row]))
        found = await self.rows(question)
        return found[0] if len(found) == 1 else None

    async def _places(self, sent: Sequence[SentRow]) -> list[int]:
        """Where each sent row stands among the rows that are ordered by their key."""
        there: dict[Identity, int] = {}
        chosen = f"select={percent(names(self.key))}&{self._order()}"
        for each in self._questions(chosen, self._keys(sent)):
            for row in await self.rows(each):
                there[self.identity(row)] = len(there)
        found = [there[identity] for identity in map(self.identity, sent) if identity in there]
        return found if len(found) == len(there) else list(range(len(there)))

    async def _holds(self, conditions: list[Conditions]) -> bool:
        """Whether there is a row for each of these conditions."""
        asked = self._questions(f"select={percent(names(self.key))}", conditions)
        return await self._count(asked) == len(conditions)

    async def _count(self, queries: Iterable[str]) -> int:
        """How many rows all questions find; where one cannot be asked, none."""
        found = 0
        try:
            for each in queries:
                found += len(await self.rows(each))
        except (InvalidRequestError, NotFoundError):
            # No URL is as long, or the column's type has no such value, or no equality at all.
            return 0
        return found

    def _keys(self, sent: Sequence[SentRow]) -> list[Conditions]:
        return [_conditions(row, self.key) for row in sent]

    def _selection(self, sent: Sequence[SentRow]) -> str:
        columns = dict.fromkeys([*self.key, *(column for row in sent for column in row)])
        return f"select={percent(names(tuple(columns)))}"

    def _order(self) -> str:
        return f"order={percent(names(self.key))}"

    def _questions(self, chosen: str, conditions: Iterable[Conditions]) -> Iterator[str]:
        """What asks for the rows of any of these conditions, each as long as a URL and an answer may be."""
        endpoint = self.source.session.endpoint
        room = min(endpoint.max_url_length, _LONGEST)
        room -= len(f"{endpoint.base}{self.source.path}?{chosen}&or=()")
        batch: list[str] = []
        size = 0
        for each in (percent(_all(one)) for one in conditions):
            if batch and (len(batch) == _MOST or size + len(each) > room):
                yield f"{chosen}&or=({','.join(batch)})"
                batch, size = [], 0
            batch.append(each)
            size += len(each) + 1
        if batch:
            yield f"{chosen}&or=({','.join(batch)})"


def _spelled(value: object) -> str:
    text = str(value)
    with suppress(ValueError):
        if "T" in text and (at := datetime.fromisoformat(text)).tzinfo:
            return at.astimezone(UTC).isoformat()
    return text


def _conditions(row: SentRow, columns: Iterable[str]) -> Conditions:
    return tuple(condition(column, row[column]) for column in columns)


def _all(conditions: Conditions) -> str:
    return conditions[0] if len(conditions) == 1 else f"and({','.join(conditions)})"


def _is_list(body: bytes) -> bool:
    try:
        return isinstance(from_json(body), list)
    except ValueError:
        return False


def _joined(bodies: list[bytes]) -> bytes:
    """Several lists as one."""
    if len(bodies) == 1:
        return bodies[0]
    return b"[%b]" % b",".join(inner for body in bodies if (inner := body.strip()[1:-1].strip()))
