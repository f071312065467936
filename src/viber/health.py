"""Is everything there that the application needs? Asked seldom, answered at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from viber.clock import SYSTEM_CLOCK, Clock
from viber.observability import redact_text
from viber.services import Health

Check = Callable[[], Awaitable[Health | None]]
"""Asks once; returns a `Health`, or None for "it is there", or raises."""
Status = Literal["healthy", "degraded", "unhealthy"]


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Everything that was asked, and what it comes to.

    `unhealthy`: something critical is. `degraded`: something else is, or a circuit is not closed.
    """

    status: Status
    checks: Mapping[str, Health]


@dataclass(frozen=True, slots=True)
class _Entry:
    check: Check
    depends_on: tuple[str, ...]
    critical: bool


@dataclass(slots=True)
class _Memory:
    """The last answer of a check, and the one that is under way."""

    health: Health | None = None
    at: float = 0.0
    asking: asyncio.Task[Health] | None = field(default=None, repr=False)


class HealthRegistry:
    """Checks by name, each asked at most once per `max_age` seconds, however many callers ask at a time.

    A check has `timeout` seconds. What depends on something unhealthy is not asked. A caller that is
    cancelled leaves the check to the others who wait for it.

    Example:
        >>> import asyncio
        >>> registry = HealthRegistry()
        >>> async def database() -> None: ...
        >>> registry.register("database", database)
        >>> asyncio.run(registry.check_all()).status
        'healthy'
    """

    def __init__(
        self, *, max_age: float = 5.0, timeout: float | None = 2.0, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._max_age = max_age
        self._timeout = timeout
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._memories: dict[str, _Memory] = {}

    def register(
        self, name: str, check: Check, *, depends_on: Iterable[str] = (), critical: bool = True
    ) -> None:
        """Add a check; what it depends on has to be there already, so that nothing depends on itself.

        Raises:
            ValueError: the name is taken, or a dependency is not registered; nothing was added.
        """
        needed = tuple(depends_on)
        if name in self._entries:
            raise ValueError(f"there is a check {name!r} already")
        if missing := [each for each in needed if each not in self._entries]:
            raise ValueError(f"{name!r} depends on {', '.join(missing)}: register that first")
        self._entries[name] = _Entry(check, needed, critical)
        self._memories[name] = _Memory()

    async def check(self, name: str) -> Health:
        """One answer, at most `max_age` seconds old.

        Raises:
            KeyError: there is no check of that name.
        """
        if name not in self._entries:
            known = ", ".join(sorted(self._entries)) or "none yet"
            raise KeyError(f"no check {name!r}; there are: {known}")
        memory = self._memories[name]
        if memory.health is not None and self._clock.now() - memory.at < self._max_age:
            return memory.health
        if memory.asking is None:
            memory.asking = asyncio.create_task(self._ask(name, memory), name=f"health of {name}")
        return await asyncio.shield(memory.asking)

    async def check_all(self) -> HealthReport:
        """Ask everything at once."""
        names = list(self._entries)
        answers = await asyncio.gather(*map(self.check, names))
        checks = dict(zip(names, answers, strict=True))
        return HealthReport(self._status(checks), checks)

    def latest(self) -> Mapping[str, Health]:
        """The last answer of each check that was ever asked, however old; asks nothing."""
        return {name: memory.health for name, memory in self._memories.items() if memory.health is not None}

    def _status(self, checks: Mapping[str, Health]) -> Status:
        bad = [name for name, health in checks.items() if not health.healthy]
        if any(self._entries[name].critical for name in bad):
            return "unhealthy"
        return (
            "degraded"
            if bad or any(health.circuit in _NOT_CLOSED for health in checks.values())
            else "healthy"
        )

    async def _ask(self, name: str, memory: _Memory) -> Health:
        try:
            memory.health = await self._answer(name, self._entries[name])
            memory.at = self._clock.now()
            return memory.health
        finally:
            memory.asking = None

    async def _answer(self, name: str, entry: _Entry) -> Health:
        for needed in entry.depends_on:
            if not (await self.check(needed)).healthy:
                return Health(name, healthy=False, latency=0.0, error=f"{needed} is unhealthy")
        began = self._clock.now()
        health, error = None, ""
        try:
            async with self._clock.timeout(self._timeout):
                health = await entry.check()
        except TimeoutError:
            error = f"no answer within {self._timeout} s"
        except Exception as failure:  # noqa: BLE001 - whatever a check raises, it is not healthy
            error = redact_text(str(failure)) or type(failure).__name__
        latency = self._clock.now() - began
        return Health(name, not error, latency, error) if health is None else replace(health, service=name)


_NOT_CLOSED = frozenset({"open", "half_open", "isolated"})
