"""How much of the traffic may be retries."""

from math import inf

from viber.machines._buckets import Buckets


class RetryBudget:
    """Lets retries be at most a share of the calls of the last seconds, or a minimum number of them.

    Whoever makes a call adds one to `calls`, which costs nothing; how long ago they were is found out when
    somebody asks for a retry: the calls since the last such moment are taken as evenly spread. Retries are
    counted exactly, up to a tenth of the window forgotten early.
    The idea is that of https://sre.google/sre-book/handling-overload/ (per-client retry budget).

    Raises:
        ValueError: the ratio is not within 0 and 1, the minimum is negative, or the window is no time.

    Example:
        >>> budget = RetryBudget(ratio=0.1, minimum=1, window=10.0)
        >>> budget.calls += 20
        >>> [budget.withdraw(now=1.0) for _ in range(3)]
        [True, True, False]
    """

    __slots__ = ("_folded_at", "_minimum", "_recent", "_window", "calls", "ratio")

    def __init__(self, *, ratio: float, minimum: int, window: float = 10.0, now: float = 0.0) -> None:
        if not 0 <= ratio <= 1:
            raise ValueError(f"ratio takes a share from 0 to 1, not {ratio!r}")
        if not 0 <= minimum < inf:
            raise ValueError(f"minimum takes a number from 0 on, not {minimum!r}")
        if not 0 < window < inf:
            raise ValueError(f"window takes seconds above 0, not {window!r}")
        self.calls: int = 0
        """Calls made since the last retry was asked for."""
        self.ratio: float = ratio
        """The share of recent calls that may be retries."""
        self._minimum = minimum
        self._window = window
        self._folded_at = now
        self._recent = Buckets(window)

    def withdraw(self, now: float) -> bool:
        """Take one retry, if there is one left."""
        self._fold(now)
        calls, retries, _ = self._recent.totals(now)
        if retries + 1 > max(self._minimum, self.ratio * calls):
            return False
        self._recent.add(now, 0, 1)
        return True

    def used(self, now: float) -> tuple[int, int]:
        """Calls and retries of the last window, as far as they are known; reading changes nothing."""
        calls, retries, _ = self._recent.totals(now)
        return calls + self.calls, retries

    def _fold(self, now: float) -> None:
        span = now - self._folded_at
        recent = self.calls if span <= self._window else round(self.calls * self._window / span)
        self._recent.add(now, recent)
        self.calls = 0
        self._folded_at = now

    def __repr__(self) -> str:
        return f"<RetryBudget {self.ratio:.0%} of the calls, at least {self._minimum} in {self._window:g} s>"
