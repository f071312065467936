"""Which model answers: the first of a list that can."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Self, TypeVar

from viber.errors import (
    BaseError,
    CircuitOpenError,
    NotFoundError,
    RateLimitError,
    ServerError,
)
from viber.observability import FallbackUsed
from viber.resilience import Pipeline
from viber.services._channel import Channel
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini._errors import BudgetError
from viber.services.gemini.content._json import Json
from viber.services.gemini.generating._question import models_of
from viber.services.gemini.limits._books import Books, Entry
from viber.services.gemini.limits._budget import Budget
from viber.services.gemini.limits._limits import ModelGuard
from viber.services.gemini.limits._project import Limits
from viber.services.gemini.limits._tracker import UsageTracker

T = TypeVar("T")

MoveOn = Callable[[BaseError], bool]
"""Whether the next model is asked after this error."""
_MOMENT: Final = 1e-6
_OVERLOADED: Final = frozenset({500, 502, 503, 504})


def cannot_answer(error: BaseError) -> bool:
    """The model cannot answer now, and another one may: the rule unless you give one.

    Its limit is reached, its circuit is open, it is overloaded or fails (500, 502, 503, 504), or there is no
    such model. Never because of the request: one that is wrong or blocked is so for every model.

    Example:
        >>> cannot_answer(CircuitOpenError()), cannot_answer(BudgetError())
        (True, False)
    """
    if isinstance(error, ServerError):
        return error.status in _OVERLOADED
    return isinstance(error, RateLimitError | CircuitOpenError | NotFoundError) and not isinstance(
        error, BudgetError
    )


@dataclass(frozen=True, slots=True)
class Lane:
    """The way to one model."""

    model: str
    channel: Channel
    guard: ModelGuard
    books: Books

    def open(self, body: Json) -> tuple[Entry, Channel]:
        """Room for a request, and the channel that sends it.

        Raises:
            BudgetError: a budget has none.
        """
        entry = self.books.open(self.model, self.guard, body)
        channel = replace(self.channel, tokens=entry.weight) if entry.weight else self.channel
        if channel.pipeline.listeners.tracer is not None:
            channel = replace(channel, asked={"model": self.model, **body.get("generationConfig", {})})
        return entry, channel


@dataclass(frozen=True, slots=True)
class Lanes:
    """The ways to the models; each has its own limits and, where another may stand in for it, its circuit."""

    limits: Limits
    books: Books
    models: tuple[str, ...]
    """Whom to ask when a call names nobody."""
    move_on: MoveOn = cannot_answer

    @classmethod
    def of(cls, config: GeminiConfig, pipeline: Pipeline, limits: Limits | None = None) -> Self:
        """The ways of a service, with limits of its own unless it shares some."""
        budgets = () if config.budget is None else (config.budget,)
        books = Books(UsageTracker(), config.prices, pipeline.clock.wall, budgets)
        return cls(limits or Limits(config, pipeline), books, models_of(config.model))

    def booked(self, label: str | None, budget: Budget | None) -> Self:
        """The same ways; what is used is written down under this label, within one budget more."""
        return replace(self, books=self.books.labelled(label, budget))

    async def run(self, channel: Channel, models: tuple[str, ...], ask: Callable[[Lane], Awaitable[T]]) -> T:
        """Ask the first model, and the next if it cannot answer; all within the channel's `total_timeout`.

        Raises:
            BaseError: of the last model that was asked, with a note for each before it.
        """
        *others, last = models
        if not others:
            return await ask(self.lane(channel, last, alone=True))
        story = _Story(channel)
        for model in others:
            try:
                return await ask(self.lane(story.channel(), model, alone=False))
            except BaseError as error:
                if story.is_late() or not self.move_on(error):
                    story.tell(error)
                    raise
                story.add(model, error)
        try:
            return await ask(self.lane(story.channel(), last, alone=False))
        except BaseError as error:
            story.tell(error)
            raise

    def lane(self, channel: Channel, model: str, *, alone: bool) -> Lane:
        """The way to a model; `alone` is one that nothing stands in for."""
        guard = self.limits.guard(model)
        return Lane(model, guard.fit(channel, alone=alone), guard, self.books)


class _Story:
    """The models that were asked in vain, and the time that is left."""

    __slots__ = ("_channel", "_ends", "_passed")

    def __init__(self, channel: Channel) -> None:
        total = channel.pipeline.total_timeout
        self._channel = channel
        self._ends = None if total is None else channel.pipeline.clock.now() + total
        self._passed: list[str] = []  # as text: kept errors would hold their frames, and these the errors

    def channel(self) -> Channel:
        """The channel, with the time that is left."""
        if self._ends is None or not self._passed:
            return self._channel
        left = self._ends - self._channel.pipeline.clock.now()
        return self._channel.with_options(total_timeout=max(left, _MOMENT))

    def is_late(self) -> bool:
        """There is no time for another model."""
        return self._ends is not None and self._channel.pipeline.clock.now() >= self._ends

    def add(self, model: str, error: BaseError) -> None:
        """This one could not answer."""
        self._passed.append(f"{model} was asked before: {type(error).__name__}: {error.message}")
        pipeline = self._channel.pipeline
        if pipeline.listeners.callables:
            name = f"{self._channel.name}/{model}"
            pipeline.listeners.emit(FallbackUsed(name, error, pipeline.clock.now()))

    def tell(self, error: BaseError) -> None:
        """Note on the last error what went before it."""
        for note in self._passed:
            error.add_note(note)
