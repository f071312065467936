"""One answer for everything that the application needs."""

from __future__ import annotations

import asyncio

import pytest

from viber.health import HealthRegistry
from viber.services import Health
from viber.testing import FakeClock


class Probe:
    """A check that counts how often it is asked."""

    def __init__(
        self, *answers: Health | Exception | None, seconds: float = 0.0, clock: FakeClock | None = None
    ) -> None:
        self.asked = 0
        self._answers = list(answers)
        self._seconds = seconds
        self._clock = clock

    async def __call__(self) -> Health | None:
        self.asked += 1
        if self._clock is not None:
            await self._clock.sleep(self._seconds)
        answer = self._answers[min(self.asked, len(self._answers)) - 1] if self._answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_what_raises_is_unhealthy_and_what_returns_is_not(clock: FakeClock) -> None:
    """The error says why, without secrets; a `Health` is passed on under the name of its check."""
    registry = HealthRegistry(clock=clock)
    registry.register("a", Probe())
    registry.register("b", Probe(ValueError("password=geheim")))
    registry.register("c", Probe(Health("supabase", healthy=True, latency=0.5)))
    report = await registry.check_all()
    assert [(each.service, each.healthy) for each in report.checks.values()] == [
        ("a", True),
        ("b", False),
        ("c", True),
    ]
    assert report.checks["b"].error == "password=[redacted]"
    assert report.checks["c"].latency == 0.5


@pytest.mark.parametrize(
    ("healthy", "critical", "circuit", "status"),
    [
        (True, True, "closed", "healthy"),
        (True, True, "open", "degraded"),
        (True, True, "half_open", "degraded"),
        (False, False, "closed", "degraded"),
        (False, True, "closed", "unhealthy"),
    ],
)
async def test_the_worst_decides(*, healthy: bool, critical: bool, circuit: str, status: str) -> None:
    """Something critical makes it unhealthy, everything else degraded."""
    registry = HealthRegistry()
    registry.register("fine", Probe())
    health = Health("x", healthy=healthy, latency=0.0, error="" if healthy else "gone", circuit=circuit)
    registry.register("x", Probe(health), critical=critical)
    assert (await registry.check_all()).status == status


async def test_a_check_has_its_time(clock: FakeClock) -> None:
    """What takes longer is unhealthy, and says so."""
    registry = HealthRegistry(timeout=2.0, clock=clock)
    registry.register("slow", Probe(seconds=60.0, clock=clock))
    asking = asyncio.create_task(registry.check("slow"))
    await clock.advance(2.0)
    health = await asking
    assert (health.healthy, health.latency, health.error) == (False, 2.0, "no answer within 2.0 s")


async def test_an_answer_is_kept_for_a_while(clock: FakeClock) -> None:
    """Asking often costs the service nothing."""
    probe = Probe(None, ValueError("gone"))
    registry = HealthRegistry(max_age=5.0, clock=clock)
    registry.register("a", probe)
    assert (await registry.check("a")).healthy
    await clock.advance(4.9)
    assert (await registry.check("a")).healthy
    await clock.advance(0.1)
    assert not (await registry.check("a")).healthy
    assert probe.asked == 2


async def test_callers_at_a_time_share_one_question(clock: FakeClock) -> None:
    """And one that is cancelled does not take the answer from the others."""
    probe = Probe(seconds=1.0, clock=clock)
    registry = HealthRegistry(clock=clock)
    registry.register("a", probe)
    waiting = [asyncio.create_task(registry.check("a")) for _ in range(10)]
    await clock.advance(0.5)
    waiting[0].cancel()
    await clock.advance(0.5)
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert probe.asked == 1
    assert isinstance(answers[0], asyncio.CancelledError)
    assert all(isinstance(answer, Health) and answer.healthy for answer in answers[1:])


async def test_what_depends_on_something_unhealthy_is_not_asked() -> None:
    """It is unhealthy by that alone, and says by what."""
    dependent = Probe()
    registry = HealthRegistry()
    registry.register("network", Probe(ValueError("down")))
    registry.register("database", dependent, depends_on=["network"])
    health = await registry.check("database")
    assert (health.error, dependent.asked) == ("network is unhealthy", 0)


def test_a_refused_registration_leaves_nothing() -> None:
    """A name is given once, and a dependency is there before what depends on it: so there is no cycle."""
    registry = HealthRegistry()
    registry.register("a", Probe())
    with pytest.raises(ValueError, match="a check 'a' already"):
        registry.register("a", Probe())
    with pytest.raises(ValueError, match="'b' depends on b"):
        registry.register("b", Probe(), depends_on=["a", "b"])
    registry.register("b", Probe(), depends_on=["a"])


async def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    """The message lists them."""
    registry = HealthRegistry()
    registry.register("a", Probe())
    with pytest.raises(KeyError, match="no check 'b'; there are: a"):
        await registry.check("b")
