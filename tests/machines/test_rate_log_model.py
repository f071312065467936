"""The log against a model that counts everything anew each time, in made-up lives of several limits."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from viber.machines import Allowance, RateLimit, RateLog, Reservation

MOMENTS = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0])
"""Sums of these are exact, so the log has to agree to the last bit."""
WEIGHTS = st.integers(0, 12)


@dataclass(eq=False)
class Issued:
    """A grant, as the model remembers it."""

    reservation: Reservation
    at: float
    tokens: int
    is_given_back: bool = False


class Model:
    """Everything that was ever granted, and what the server asked for."""

    def __init__(self, limits: list[RateLimit]) -> None:
        self.limits = limits
        self.issued: list[Issued] = []
        self.held_until = -inf
        self.allowance = 0
        self.allowance_ends = -inf
        self.heeded_at = -inf

    def used(self, limit: RateLimit, moment: float) -> int:
        alive = [one for one in self.issued if not one.is_given_back and one.at + span_of(limit) > moment]
        return sum(one.tokens if limit.counts_tokens else 1 for one in alive)

    def fits(self, tokens: int, moment: float) -> bool:
        if moment < self.held_until or (moment < self.allowance_ends and self.allowance < 1):
            return False
        return all(
            self.used(limit, moment) + (tokens if limit.counts_tokens else 1) <= limit.amount
            for limit in self.limits
        )

    def wait(self, tokens: int, now: float) -> float:
        """The first moment at which it fits, found by trying all at which anything changes."""
        changes = [one.at + span_of(limit) for one in self.issued for limit in self.limits]
        moments = {now, self.held_until, self.allowance_ends, *changes}
        return min(
            (moment - now for moment in moments if moment >= now and self.fits(tokens, moment)), default=inf
        )


def span_of(limit: RateLimit) -> float:
    return float(limit.per) + limit.guard


class LogLife(RuleBasedStateMachine):
    """Grants come, are settled, given back, forgotten; the server interferes; time passes."""

    limits: ClassVar[list[RateLimit]]
    grants: Bundle[Issued] = Bundle("grants")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.log = RateLog(self.limits)
        self.model = Model(self.limits)

    @rule(seconds=MOMENTS)
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=grants, tokens=WEIGHTS)
    def take(self, tokens: int) -> Issued | None:
        expected = self.model.wait(tokens, self.now)
        answer = self.log.take(tokens, self.now)
        if not isinstance(answer, Reservation):
            assert answer == expected > 0
            return None
        assert expected == 0
        issued = Issued(answer, self.now, tokens)
        self.model.issued.append(issued)
        if self.now < self.model.allowance_ends:
            self.model.allowance -= 1
        return issued

    @rule(target=grants, tokens=WEIGHTS)
    def take_as_soon_as_it_may(self, tokens: int) -> Issued | None:
        wait = self.log.wait(tokens, self.now)
        if wait == inf:
            return None
        if wait > 0:
            self.now += wait - min(wait, 2**-20)
            assert not isinstance(self.log.take(tokens, self.now), Reservation)
            self.now += min(wait, 2**-20)
        issued = self.take(tokens)
        assert issued is not None
        return issued

    @rule(issued=grants, tokens=WEIGHTS)
    def settle(self, issued: Issued | None, tokens: int) -> None:
        if issued is not None:
            self.log.settle(issued.reservation, tokens)
            issued.tokens = tokens

    @rule(issued=grants)
    def give_back(self, issued: Issued | None) -> None:
        if issued is not None:
            self.log.give_back(issued.reservation)
            if not issued.is_given_back and issued.at > self.model.heeded_at:
                self.model.allowance += 1
            issued.is_given_back = True

    @rule(seconds=MOMENTS | st.just(inf))
    def pause(self, seconds: float) -> None:
        self.log.pause(self.now + seconds)
        self.model.held_until = max(self.model.held_until, self.now + seconds)

    @rule()
    def resume(self) -> None:
        self.log.resume()
        self.model.held_until = self.model.allowance_ends = -inf

    @rule(remaining=st.integers(0, 4), seconds=MOMENTS)
    def heed(self, remaining: int, seconds: float) -> None:
        self.log.heed(Allowance(remaining, seconds), self.now)
        self.model.allowance, self.model.allowance_ends = remaining, self.now + seconds
        self.model.heeded_at = self.now

    @invariant()
    def it_counts_what_is_there(self) -> None:
        used = [self.model.used(limit, self.now) for limit in self.limits]
        assert [status.used for status in self.log.status(self.now)] == used

    @invariant()
    def it_waits_for_what_the_server_asked(self) -> None:
        spent = self.model.allowance_ends if self.model.allowance < 1 else -inf
        assert self.log.held_for(self.now) == max(0.0, self.model.held_until - self.now, spent - self.now)


class OneWindow(LogLife):
    limits: ClassVar = [RateLimit(requests=3, per=2.0)]


class TokensWithGuard(LogLife):
    limits: ClassVar = [RateLimit(tokens=10, per=4.0, guard=0.25)]


class Together(LogLife):
    limits: ClassVar = [
        RateLimit(requests=2, per=0.5),
        RateLimit(requests=5, per=8.0),
        RateLimit(tokens=20, per=5.0),
    ]


LIVES = settings(max_examples=100, stateful_step_count=40, deadline=None)
OneWindow.TestCase.settings = LIVES
TokensWithGuard.TestCase.settings = LIVES
Together.TestCase.settings = LIVES

TestOneWindow = OneWindow.TestCase
TestTokensWithGuard = TokensWithGuard.TestCase
TestTogether = Together.TestCase
