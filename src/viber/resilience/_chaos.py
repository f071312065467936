"""Trouble on purpose, for tests and game days: delays, errors and wrong results, now and then."""

import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Literal, ParamSpec, TypeVar

from viber.clock import SYSTEM_CLOCK, Clock
from viber.observability import ChaosInjected, Listeners
from viber.resilience._functions import begin, protected, require_function
from viber.resilience._numbers import seconds_of

P = ParamSpec("P")
T = TypeVar("T")


class Chaos(ABC):
    """Disturbs the share `rate` of all calls, the same ones for the same `seed`, while it is `enabled`.

    In a pipeline it stands innermost, where a service would fail: its delays count against the attempt's
    timeout, and its errors are retried and counted like real ones.

    Raises:
        ValueError: the rate is not within 0 and 1.
    """

    kind: Literal["latency", "fault", "result"]

    def __init__(
        self,
        *,
        rate: float,
        seed: int | None = None,
        enabled: bool = True,
        name: str = "",
        clock: Clock = SYSTEM_CLOCK,
        listeners: Listeners | None = None,
    ) -> None:
        if not 0 <= rate <= 1:
            raise ValueError(f"rate takes a share from 0 to 1, not {rate!r}")
        self.rate = rate
        self.enabled = enabled
        self.name = name
        self.listeners: Listeners = listeners if listeners is not None else Listeners()
        self._clock = clock
        self._dice = random.Random(seed)  # noqa: S311 - to be repeatable, not to be secret

    async def run(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Await the function, or suffer."""
        require_function(fn)
        if not self.enabled or self._dice.random() >= self.rate:
            return await begin(fn, *args, **kwargs)
        if self.listeners.callables:
            self.listeners.emit(ChaosInjected(self.name, self.kind, self._clock.now()))
        result: T = await self._disturb(lambda: begin(fn, *args, **kwargs))
        return result

    def protect(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """A function of the same type that is disturbed now and then."""
        return protected(fn, self.run, self)

    @abstractmethod
    async def _disturb(self, work: Callable[[], Awaitable[Any]]) -> Any: ...

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.rate:.0%}{'' if self.enabled else ', off'}>"


class ChaosLatency(Chaos):
    """Adds `seconds` before the call.

    Example:
        >>> ChaosLatency(2.0, rate=0.1, seed=7)
        <ChaosLatency of 10%>
    """

    kind: Literal["latency", "fault", "result"] = "latency"

    def __init__(self, seconds: float, *, rate: float, **options: Any) -> None:
        super().__init__(rate=rate, **options)
        if seconds_of("seconds", seconds) is None:
            raise ValueError("seconds takes a number")
        self.seconds = seconds

    async def _disturb(self, work: Callable[[], Awaitable[Any]]) -> Any:
        await self._clock.sleep(self.seconds)
        return await work()


class ChaosFault(Chaos):
    """Raises a new `error()` instead of the call.

    Example:
        >>> import asyncio
        >>> async def answer() -> int:
        ...     return 42
        >>> try:
        ...     asyncio.run(ChaosFault(ConnectionResetError, rate=1.0).run(answer))
        ... except ConnectionResetError:
        ...     print("as a service would fail")
        as a service would fail
    """

    kind: Literal["latency", "fault", "result"] = "fault"

    def __init__(self, error: Callable[[], BaseException], *, rate: float, **options: Any) -> None:
        super().__init__(rate=rate, **options)
        if not callable(error):
            raise TypeError("error takes what makes a new exception each time: its class, or a lambda")
        self._error = error

    async def _disturb(self, work: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ARG002 - not done
        raise self._error()


class ChaosResult(Chaos):
    """Returns `value` instead of the call's result; the call is not made.

    Example:
        >>> import asyncio
        >>> async def answer() -> int:
        ...     return 42
        >>> asyncio.run(ChaosResult(0, rate=1.0).run(answer))
        0
    """

    kind: Literal["latency", "fault", "result"] = "result"

    def __init__(self, value: object, *, rate: float, **options: Any) -> None:
        super().__init__(rate=rate, **options)
        self.value = value

    async def _disturb(self, work: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ARG002 - not done
        return self.value
