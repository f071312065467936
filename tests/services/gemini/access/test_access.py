import asyncio
from typing import Any

import pytest

from viber.errors import AuthenticationError, Delivery, TransportError
from viber.resilience import Deadline
from viber.services.gemini import AccessToken, AccessTokenError
from viber.services.gemini.access._access import Access
from viber.testing import FakeClock


class Source:
    """Gives tokens from a script, and counts how often it was asked."""

    def __init__(self, *script: Any, clock: FakeClock | None = None, delay: float = 0.0) -> None:
        self.asked = 0
        self.cancelled = 0
        self._script = list(script)
        self._clock = clock
        self._delay = delay

    async def __call__(self) -> Any:
        self.asked += 1
        try:
            if self._clock is not None:
                await self._clock.sleep(self._delay)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        told = self._script.pop(0)
        if isinstance(told, Exception):
            raise told
        return told


async def test_a_token_is_kept() -> None:
    """A bare one until it is refused."""
    source = Source("one", "two")
    access = Access(source, FakeClock())
    assert [await access.token() for _ in range(3)] == ["one"] * 3
    assert await access.token(refused="one") == "two"
    assert source.asked == 2


@pytest.mark.parametrize(("expires_in", "kept_for"), [(3600.0, 3540.0), (100.0, 90.0)])
async def test_a_token_is_replaced_before_it_expires(expires_in: float, kept_for: float) -> None:
    """A minute before, or a tenth of its life."""
    clock = FakeClock()
    access = Access(Source(AccessToken("one", expires_in), "two"), clock)
    await access.token()
    await clock.advance(kept_for - 1)
    assert await access.token() == "one"
    await clock.advance(1)
    assert await access.token() == "two"


async def test_one_fetch_serves_all_who_wait() -> None:
    """However many there are."""
    clock = FakeClock(auto=True)
    source = Source("one", clock=clock, delay=1.0)
    access = Access(source, clock)
    assert await asyncio.gather(*(access.token() for _ in range(20))) == ["one"] * 20
    assert source.asked == 1


async def test_one_refused_token_is_replaced_once() -> None:
    """Those who hear of it later take the new one."""
    source = Source("one", "two", "three")
    access = Access(source, FakeClock())
    await access.token()
    assert [await access.token(refused="one") for _ in range(3)] == ["two"] * 3


async def test_who_leaves_does_not_take_the_others_along() -> None:
    """The fetch goes on for those who still wait."""
    clock = FakeClock()
    source = Source("one", clock=clock, delay=1.0)
    access = Access(source, clock)
    leaving, staying = (asyncio.create_task(access.token()) for _ in range(2))
    await clock.settle()
    leaving.cancel()
    await clock.advance(1)
    assert leaving.cancelled()
    assert await staying == "one"


async def test_a_fetch_that_nobody_waits_for_ends() -> None:
    """The next one who asks begins a new one, so that a source that hangs is left behind."""
    clock = FakeClock()
    source = Source("one", clock=clock, delay=100.0)
    access = Access(source, clock)
    for _ in range(2):
        task = asyncio.create_task(access.token())
        await clock.settle()
        task.cancel()
        await clock.settle()
    assert (source.asked, source.cancelled) == (2, 2)


async def test_the_deadline_of_one_does_not_bound_the_others() -> None:
    """The fetch belongs to nobody's call."""
    seen: list[float | None] = []

    async def source() -> str:
        deadline = Deadline.current()
        seen.append(None if deadline is None else deadline.remaining())
        return "one"

    with Deadline(5.0):
        assert await Access(source, FakeClock()).token() == "one"
    assert seen == [None]


@pytest.mark.parametrize(
    ("error", "retryable"), [(ValueError("boom"), False), (ConnectionError("reset"), True)], ids=repr
)
async def test_a_source_that_fails_is_an_error_of_ours(error: Exception, *, retryable: bool) -> None:
    """With the cause; what may pass may be repeated, and nothing was sent."""
    with pytest.raises(AccessTokenError, match=type(error).__name__) as caught:
        await Access(Source(error), FakeClock()).token()
    assert isinstance(caught.value, AuthenticationError)
    assert (caught.value.retryable, caught.value.delivery) == (retryable, Delivery.NOT_SENT)
    assert caught.value.__cause__ is error


async def test_an_error_of_ours_passes_through() -> None:
    """A source may use viber itself."""
    with pytest.raises(TransportError):
        await Access(Source(TransportError("reset")), FakeClock()).token()


@pytest.mark.parametrize("told", ["", "two words", "line\nend"], ids=repr)
async def test_what_no_header_can_carry_is_no_token(told: str) -> None:
    """And it is not shown."""
    with pytest.raises(AccessTokenError, match="no token") as caught:
        await Access(Source(told), FakeClock()).token()
    assert not told or told not in str(caught.value)


def test_a_token_is_never_shown() -> None:
    """Neither by its repr."""
    assert "secret" not in repr(AccessToken("secret", 5.0))
