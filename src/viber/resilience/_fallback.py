"""Something else to answer when a call fails."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, ParamSpec, TypeVar, cast

from viber.clock import SYSTEM_CLOCK, Clock
from viber.observability import FallbackUsed, Listeners
from viber.resilience._functions import MisuseError, begin, protected, require_function

P = ParamSpec("P")
T = TypeVar("T")

Kinds = type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool]
"""Which exceptions: one kind, several, or what a function says."""


class Fallback(Generic[T]):
    """Answers with `answer(error)` when a call fails in one of the ways of `on`; other errors pass through.

    What must not be hidden has to be thought about, so `on` has no default. A cancellation is never caught.
    An error of `answer` itself goes to the caller, with the first one as its context.

    Example:
        >>> import asyncio
        >>> async def fresh() -> int:
        ...     raise ConnectionError
        >>> async def remembered(error: Exception) -> int:
        ...     return 42
        >>> asyncio.run(Fallback(remembered, on=ConnectionError).run(fresh))
        42
    """

    def __init__(
        self,
        answer: Callable[[Exception], Awaitable[T]],
        *,
        on: Kinds,
        name: str = "",
        clock: Clock = SYSTEM_CLOCK,
        listeners: Listeners | None = None,
    ) -> None:
        require_function(answer)
        self.name = name
        self.listeners: Listeners = listeners if listeners is not None else Listeners()
        self._answer = answer
        self._applies = _predicate(on)
        self._clock = clock

    async def run(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Await the function; if it fails in a way that is provided for, the answer instead."""
        require_function(fn)
        try:
            return await begin(fn, *args, **kwargs)
        except MisuseError:
            raise
        except Exception as error:
            if not self._applies(error):
                raise
            if self.listeners.is_heard:
                self.listeners.emit(FallbackUsed(self.name, error, self._clock.now()))
            return await begin(self._answer, error)

    def protect(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """A function of the same type with this fallback."""
        return protected(fn, self.run, self)

    def __repr__(self) -> str:
        return f"<Fallback {self.name!r}>"


def _predicate(on: Kinds) -> Callable[[Exception], bool]:
    if kinds := _kinds_of(on):
        return lambda error: isinstance(error, kinds)
    if isinstance(on, type | tuple) or not callable(on):
        raise TypeError(f"on takes kinds of Exception, or a function that judges one, not {on!r}")
    return on


def _kinds_of(on: object) -> tuple[type[Exception], ...]:
    """The kinds of exception that are named; none if something else is named too."""
    named = cast("tuple[object, ...]", on) if isinstance(on, tuple) else (on,)
    kinds = tuple(one for one in named if isinstance(one, type) and issubclass(one, Exception))
    return kinds if len(kinds) == len(named) else ()
