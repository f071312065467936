"""Which turns of a long conversation go along: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from viber.services.gemini.content._models import Content

Exchange = tuple[Content, ...]
"""What the user said, and all that followed until the user spoke again: calls, responses, the answer."""


@dataclass(frozen=True, slots=True)
class Trim:
    """A bound on the tokens of a conversation; what is over it is not sent, and stays in the history.

    Whole exchanges are left out, so that a call is never parted from its response and the first turn is the
    user's. `"oldest"` leaves out the oldest ones, `"middle"` keeps the very first, where the task may stand.
    The newest message always goes. Tokens are estimated, in the light of what the server counted last.

    Raises:
        ValueError: the bound is below 1.

    Example:
        >>> Trim(8000, "middle")
        Trim(max_tokens=8000, drop='middle')
    """

    max_tokens: int
    drop: Literal["oldest", "middle"] = "oldest"

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens is at least 1, not {self.max_tokens}")

    def keep(self, weights: Sequence[float], newest: float) -> tuple[int, ...]:
        """The places of the exchanges that go along, beside a message of this weight.

        Example:
            >>> Trim(10).keep([4, 4, 4], newest=2)
            (1, 2)
            >>> Trim(10, "middle").keep([4, 4, 4], newest=2)
            (0, 2)
        """
        room = self.max_tokens - newest
        kept: list[int] = []
        places = list(range(len(weights)))
        first = places[:1] if self.drop == "middle" else []
        for place in [*first, *reversed(places[len(first) :])]:
            room -= weights[place]
            if room < 0:
                break
            kept.append(place)
        return tuple(sorted(kept))


def exchanges(turns: Iterable[Content]) -> list[Exchange]:
    """A conversation in exchanges: a new one begins where the user says something else than a response."""
    found: list[list[Content]] = []
    for turn in turns:
        if not found or _begins(turn):
            found.append([])
        found[-1].append(turn)
    return [tuple(exchange) for exchange in found]


def _begins(turn: Content) -> bool:
    return turn.role != "model" and all(part.function_response is None for part in turn.parts)
