"""A recorded call in windows of different length, each full when it is measured."""

import pyresilience
from _harness import Candidate

from peers.breakers import by_interlock, by_pyresilience, counting, timing
from peers.runs import Guard, Work, answered

SECONDS = {100: 10, 1000: 60, 10_000: 600}
"""For every number of calls the duration of the window in time that stands beside it."""


def candidates(work: Work, calls: int) -> list[Candidate]:
    """Breakers that judge the last calls (100, 1000 or 10000), and one that judges the last seconds."""
    seconds = SECONDS[calls]
    peers = {
        f"pyresilience, {calls} calls": by_pyresilience(
            pyresilience.CircuitBreakerConfig(sliding_window_size=calls)
        ),
        f"interlock-cb, {calls} calls": by_interlock(counting(calls)),
        f"interlock-cb, {seconds} s": by_interlock(timing(seconds)),
    }
    return [Candidate(name, answered(filled(guard, calls), work)) for name, guard in peers.items()]


def filled(guard: Guard, calls: int) -> Guard:
    """Keeps one breaker; the first run, which does not count, fills its window."""
    kept: list[Work] = []

    async def refill(work: Work) -> Work:
        if not kept:
            kept.append(await guard(work))
            for _ in range(calls):
                await kept[0]()
        return kept[0]

    return refill
