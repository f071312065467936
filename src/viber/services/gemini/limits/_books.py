"""What each request takes: reserved before it is sent, settled and written down by what the server tells."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from viber.resilience import Call
from viber.services.gemini._errors import GeminiRateLimitError, PromptBlockedError
from viber.services.gemini.content._json import Json, is_object
from viber.services.gemini.content._usage import MOST_TOKENS, UsageMetadata, told
from viber.services.gemini.generating._estimate import estimate, longest_answer
from viber.services.gemini.generating._receipt import Receipt
from viber.services.gemini.limits._budget import Budget, Hold
from viber.services.gemini.limits._limits import ModelGuard
from viber.services.gemini.limits._prices import PriceTable
from viber.services.gemini.limits._tracker import UsageTracker
from viber.services.gemini.streaming._leg import Leg


@dataclass(frozen=True, slots=True)
class Books:
    """Where usage is written down, what it costs, and what it may cost."""

    tracker: UsageTracker
    prices: PriceTable | None
    wall: Callable[[], float]
    budgets: tuple[Budget, ...] = ()
    label: str = ""

    def labelled(self, label: str | None, budget: Budget | None) -> Self:
        """The same books, under another label, with one budget more."""
        budgets = self.budgets if budget is None or budget in self.budgets else (*self.budgets, budget)
        return replace(self, label=self.label if label is None else label, budgets=budgets)

    def cost(self, usage: UsageMetadata, models: Iterable[str], tier: str) -> Decimal | None:
        """What usage costs, by the first of these names that has a price; None if some of it is unknown."""
        if self.prices is None or usage.total_tokens > usage.input_tokens + usage.output_tokens:
            return None
        at = self.wall()
        costs = (self.prices.cost(usage, model, at=at, tier=tier) for model in models if model)
        return next((cost for cost in costs if cost is not None), None)

    def open(self, model: str, guard: ModelGuard, body: Json) -> "Entry":
        """Room for a request to a model.

        Raises:
            BudgetError: a budget has none.
        """
        return Entry(self, model, guard, body)

    def hold(self, model: str, tier: str, tokens: int, body: Json) -> tuple[tuple[Budget, Hold], ...]:
        """Room in every budget, or in none.

        Raises:
            BudgetError: one has none.
        """
        held: list[tuple[Budget, Hold]] = []
        answer = longest_answer(body)
        with ExitStack() as undo:
            for budget in self.budgets:
                output = budget.answer_tokens if answer is None else answer
                most = UsageMetadata(prompt_tokens=tokens, candidates_tokens=output)
                cost = self.cost(most, (model,), tier) if budget.counts_cost else None
                hold = budget.reserve(tokens=most.total_tokens, cost=cost)
                undo.callback(budget.release, hold)
                held.append((budget, hold))
            undo.pop_all()
        return tuple(held)


class Entry:
    """One request; closed once."""

    __slots__ = ("_books", "_call", "_guard", "_holds", "_model", "_tier", "estimated", "weight")

    def __init__(self, books: Books, model: str, guard: ModelGuard, body: Json) -> None:
        needed = guard.counts_tokens or books.budgets
        self.estimated: int = estimate(body) if needed else 0
        """Tokens of the prompt, reckoned."""
        self.weight: int = guard.weight(self.estimated)
        """Tokens to reserve of the model's limit."""
        self._books = books
        self._model = model
        self._guard = guard
        self._tier = str(body.get("serviceTier") or "")
        self._holds = books.hold(model, self._tier, self.estimated, body) if books.budgets else ()
        self._call: Call | None = None

    async def begin(self, leg: Leg) -> None:
        """Wait for the first event of a stream; it tells how long the prompt is."""
        try:
            await leg.begin()
        except GeminiRateLimitError as error:
            self.refused(error)
            raise
        self.heard(None if leg.first is None else leg.first.chunk.get("usageMetadata"), leg.call)

    def heard(self, usage: object, call: Call) -> None:
        """The server told how long the prompt is: what was reserved of the limit by estimate is settled."""
        self._call = call
        if self._guard.counts_tokens and is_object(usage):
            self._settle(_prompt_of(usage))

    def refused(self, error: GeminiRateLimitError) -> None:
        """An attempt met a limit, which may have a name."""
        self._guard.learn(error)

    def close(self, usage: UsageMetadata, version: object = None) -> Receipt:
        """The answer is at its end, whichever: written down and settled."""
        is_told = usage.is_told
        cost = self.cost(usage, version)
        books, tokens = self._books, usage.total_tokens if is_told else None
        for budget, hold in self._holds:
            budget.settle(hold, tokens=tokens, cost=cost)
        if is_told and self._guard.counts_tokens:
            self._guard.calibration.learn(estimated=self.estimated, real=usage.input_tokens)
            self._settle(usage.input_tokens)
        books.tracker.add(usage, model=self._model, label=books.label, cost=cost, at=books.wall())
        return Receipt(self._model, cost)

    def _settle(self, tokens: int) -> None:
        call = self._call
        if tokens and call is not None and call.policies.limiter is not None and call.reservation is not None:
            call.policies.limiter.settle(call.reservation, tokens=tokens)

    def cost(self, usage: UsageMetadata, version: object) -> Decimal | None:
        """What an answer costs; None when the price is unknown, or the usage was not told."""
        if not usage.is_told:
            return None
        named = version if isinstance(version, str) else ""  # what a server calls itself may be anything
        return self._books.cost(usage, (named, self._model), self._tier)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """An error closes it: no answer began, and what reading a blocked prompt took is all that counts."""
        if error is None:
            return
        details = error.details if isinstance(error, PromptBlockedError) else None
        if usage := (details or {}).get("usage"):
            self.close(told(usage))
            return
        for budget, hold in self._holds:
            budget.release(hold)


def _prompt_of(usage: dict[str, Any]) -> int:
    try:
        tokens = int(usage.get("promptTokenCount") or 0) + int(usage.get("toolUsePromptTokenCount") or 0)
    except (OverflowError, TypeError, ValueError):
        return 0
    return tokens if 0 <= tokens <= MOST_TOKENS else 0
